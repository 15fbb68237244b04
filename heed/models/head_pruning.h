// Heads of a model that are switched off for a while, or taken out for good (Michel, Levy & Neubig,
// "Are sixteen heads really better than one?", 2019).
//
// A head is named by its number in the model as it was before any pruning, as in
// StackConfig::pruned_heads.
// Thread-safety: models are only read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/models/language_model.h"
#include "heed/models/translator.h"

namespace heed {

// The heads that an attention still has, ascending.
std::vector<int> present_heads(const StackConfig& config, const std::string& attention);

// All of them.
HeadSet present_heads(const TranslatorConfig& config);

// These heads as ForwardContext::heads_off names them: counted among those that the model has.
// Errors (usage): an attention or a head that it does not have.
HeadSet heads_off(const TranslatorConfig& config, const HeadSet& heads);

// A smaller model without these heads: their rows of the query, key and value projections and
// their columns of the output projection are gone. It computes what the model computes while they
// are switched off, up to rounding. Errors (usage): an attention or a head that the model does not
// have, or an attention that would have none left.
std::unique_ptr<Translator> prune_heads(Translator& model, const HeadSet& heads);
std::unique_ptr<LanguageModel> prune_heads(LanguageModel& model, const HeadSet& heads);

}  // namespace heed
