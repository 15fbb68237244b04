// The corpora of a recipe, ready to be trained on: read, encoded by tokenizers that are learned on
// the way, and kept in a directory, where a second call finds them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "apps/heed/recipe.h"
#include "heed/data/parallel_corpus.h"
#include "heed/data/token_store.h"
#include "heed/training/progress.h"

namespace heed::app {

// Where the corpora of a recipe lie: its files, or for a task files below `directory`, once
// prepare_training_data has written them.
struct CorpusPlaces {
  CorpusFiles train, validation, test;
};
CorpusPlaces corpora_of(const Recipe& recipe, const std::filesystem::path& directory);

struct TrainingData {
  TokenizerPair tokenizers;
  std::shared_ptr<const TokenStore> train;
  std::optional<ParallelCorpus> validation_text;  // of pairs
  std::shared_ptr<const TokenStore> validation;   // null: no validation
  Json content;                                   // fingerprints of the files
};

// The lengths that hold in training: data.length, within model.max_length.
LengthConfig effective_length(const Recipe& recipe);

// Fills `directory`, which exists and is locked by the caller: data/ (of a task), tokenizer/,
// cache/. A tokenizer that lies there already is taken as it is. Errors: those of the corpora, the
// tokenizers and the token store.
TrainingData prepare_training_data(const Recipe& recipe, const std::filesystem::path& directory,
                                   Progress& progress);

// Saves tokenizers as a whole or not at all; what is there stays.
void save_tokenizers_once(const TokenizerPair& tokenizers, const std::filesystem::path& directory);

}  // namespace heed::app
