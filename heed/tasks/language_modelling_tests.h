// What language models are tested on: the windows of a test text, of one length or of several.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "heed/tasks/language_modelling.h"

namespace heed {

// The bits per character of the test text, in windows as validation has them. Nothing: the recipe
// names no test text. Errors: those of the model.
std::optional<TestResult> test_language_modelling(const LanguageModellingRecipe& recipe,
                                                  const std::filesystem::path& model,
                                                  const std::filesystem::path& run);

// The longest window must be one that the model takes. Errors (usage).
void check_language_modelling_multiples(const LanguageModellingRecipe& recipe,
                                        const std::vector<double>& multiples);

// The test text of a recipe (for want of one its validation text) in windows as long as those
// trained on; with `multiples` of that length in windows of each of them as well, all cut from the
// same tokens: as many of the text's as make whole windows of every length. Encoded sets are kept
// in `directory`/cache. Errors: usage when there is no such text, or when it is too short for that.
std::unique_ptr<TestPlan> plan_language_modelling_tests(const LanguageModellingRecipe& recipe,
                                                        const std::vector<double>& multiples,
                                                        const LanguageModellingText& data,
                                                        const std::filesystem::path& directory);

}  // namespace heed
