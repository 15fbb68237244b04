// One training run from recipe to measured result: what `heed train`, `heed compare` and `heed
// demo` share.
#pragma once

#include <filesystem>

#include "apps/heed/recipe.h"
#include "apps/heed/training_data.h"
#include "heed/nn/generator.h"
#include "heed/training/trainer.h"

namespace heed::app {

struct TrainedModel {
  std::unique_ptr<Generator> model;
  TokenizerPair tokenizers;
  TextSymbols symbols;
};

struct TrainingRun {
  TrainingOutcome outcome;
  TrainedModel best;  // unless the run was interrupted
};

// A model with its symbols and the files of its directory besides model.safetensors.
struct RecipeModel {
  std::unique_ptr<Generator> model;
  TextSymbols symbols;
  std::vector<std::pair<std::string, std::string>> files;
};

// The model of a recipe before its first step: initialised by recipe.seed, or with the weights of
// init_from. Errors (usage): what the model refuses, or another model in init_from.
RecipeModel make_model(const Recipe& recipe, const TokenizerPair& tokenizers);

// Trains into `directory` (created if missing, locked while the run goes on). What it keeps there
// is told in heed/training/trainer.h; besides: recipe.yaml (resolved), tokenizer/, cache/. With
// `shared` the data are those, prepared for several runs; else they are prepared in `directory`.
TrainingRun run_training(const Recipe& recipe, const std::filesystem::path& directory, bool resume,
                         const TrainingData* shared = nullptr);

}  // namespace heed::app
