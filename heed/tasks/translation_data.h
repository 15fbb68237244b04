// The corpora of a translator's recipe, ready to be trained on: read, encoded by tokenizers that
// are learned on the way, and kept in a directory, where a second call finds them.
#pragma once

#include <memory>
#include <optional>

#include "heed/base/json.h"
#include "heed/data/parallel_corpus.h"
#include "heed/data/token_store.h"
#include "heed/tasks/task_kind.h"
#include "heed/tasks/translation_recipe.h"
#include "heed/text/tokenizer.h"

namespace heed {

class TranslationCorpora : public TaskData {
 public:
  TokenizerPair tokenizers;
  std::shared_ptr<const TokenStore> train;
  std::optional<ParallelCorpus> validation_text;
  std::shared_ptr<const TokenStore> validation;  // null: no validation
  Json fingerprints;                             // of the files

  Json content() const override { return fingerprints; }
  void keep_in(const std::filesystem::path& run) const override;
};

// What is wrong with the files shows at once, before anything is written.
void check_translation_data(const TranslationRecipe& recipe);

// Fills `place`: data/ (of a toy task), tokenizer/, cache/. Errors: those of the corpora, the
// tokenizers and the token store.
std::shared_ptr<const TranslationCorpora> prepare_translation_data(const TranslationRecipe& recipe,
                                                                   const TaskPlace& place);

// Names the settings and files that decide tokenizers and encoded corpora.
Json translation_data_identity(const TranslationRecipe& recipe);

}  // namespace heed
