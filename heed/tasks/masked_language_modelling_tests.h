// What encoders that guess hidden tokens are tested on: the windows of a test text, masked by the
// seed of the recipe.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "heed/tasks/masked_language_modelling.h"

namespace heed {

// The share of hidden tokens that were guessed, and the loss. Nothing: the recipe names no test
// text. Errors: those of the model.
std::optional<TestResult> test_masked_language_modelling(
    const MaskedLanguageModellingRecipe& recipe, const std::filesystem::path& model,
    const std::filesystem::path& run);

// The test text of a recipe, for want of one its validation text. Encoded sets are kept in
// `directory`/cache. Errors: usage when there is no such text.
std::unique_ptr<TestPlan> plan_masked_language_modelling_tests(
    const MaskedLanguageModellingRecipe& recipe, const LanguageModellingText& data,
    const std::filesystem::path& directory);

}  // namespace heed
