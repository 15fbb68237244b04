// Heads of a translator that are switched off for a while, or taken out for good (Michel, Levy &
// Neubig, "Are sixteen heads really better than one?", 2019).
//
// A head is named by its number in the model as it was before any pruning, as in
// TranslatorConfig::pruned_heads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/models/translator.h"

namespace heed {

// The heads that an attention still has, ascending.
std::vector<int> present_heads(const TranslatorConfig& config, const std::string& attention);

// All of them.
HeadSet present_heads(const TranslatorConfig& config);

// A translator while the output of some of its heads counts as zero: for its loss, its scores and
// its decoding alike. It refers to the translator and leaves it as it is. Computes no gradients.
class TranslatorWithoutHeads : public TranslationModel {
 public:
  // Errors (usage): an attention or a head that the model does not have.
  TranslatorWithoutHeads(Translator& model, const HeadSet& heads);

  ops::CrossEntropyResult loss(const TranslationExamples& examples,
                               const ops::CrossEntropyOptions& options,
                               ForwardContext& context) const override;
  std::vector<double> log_probabilities(const TranslationExamples& examples,
                                        ForwardContext& context) const override;
  std::unique_ptr<DecodingSession> start_decoding(const Tensor& source_ids, const Sequences& source,
                                                  MatmulPrecision precision) const override;
  std::int64_t target_vocabulary_size() const override { return model_.target_vocabulary_size(); }
  std::int64_t longest() const override { return model_.longest(); }
  void visit(ParameterVisitor& visitor) override { model_.visit(visitor); }

 private:
  Translator& model_;
  HeadSet off_;  // counted among the heads that the model has
};

// A smaller translator without these heads: their rows of the query, key and value projections and
// their columns of the output projection are gone. It computes what the model computes while they
// are switched off, up to rounding. Errors (usage): an attention or a head that the model does not
// have, or an attention that would have none left.
std::unique_ptr<Translator> prune_heads(Translator& model, const HeadSet& heads);

}  // namespace heed
