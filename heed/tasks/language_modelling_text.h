// The text of a language model's recipe, ready to be trained on: encoded by a tokenizer that is
// learned on the way, and kept in a directory, where a second call finds it.
#pragma once

#include <filesystem>
#include <memory>

#include "heed/base/json.h"
#include "heed/data/token_text.h"
#include "heed/tasks/language_modelling_recipe.h"
#include "heed/tasks/task_kind.h"
#include "heed/text/tokenizer.h"

namespace heed {

// The text of a recipe as ids.
class LanguageModellingText : public TaskData {
 public:
  TokenizerPair tokenizers;  // both sides are one
  std::shared_ptr<const TokenText> train;
  std::shared_ptr<const TokenText> validation;  // null: no validation
  Json fingerprints;

  Json content() const override { return fingerprints; }
  void keep_in(const std::filesystem::path& run) const override;
};

// Fills `place`: tokenizer/, cache/. Errors: those of TextCorpus and of the tokenizers.
std::shared_ptr<const LanguageModellingText> prepare_language_modelling_text(
    const LanguageModellingRecipe& recipe, const TaskPlace& place);

// Names what decides the ids: how they are cut into windows is each run's own.
Json language_modelling_data_identity(const LanguageModellingRecipe& recipe);

}  // namespace heed
