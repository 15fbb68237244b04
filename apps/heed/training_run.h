// One training run from recipe to measured result: what `heed train` and `heed demo` share.
#pragma once

#include <filesystem>

#include "apps/heed/recipe.h"
#include "heed/interop/translator_directory.h"
#include "heed/training/trainer.h"

namespace heed::app {

struct TrainingRun {
  TrainingOutcome outcome;
  LoadedTranslator best;  // the best model, unless the run was interrupted
};

// Trains into `directory` (created if missing, locked while the run goes on). What it keeps there
// is told in heed/training/trainer.h; besides: recipe.yaml (resolved), tokenizer/, cache/.
TrainingRun run_training(const Recipe& recipe, const std::filesystem::path& directory, bool resume);

}  // namespace heed::app
