// What taggers are measured by at the end of a run, and in studies.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "heed/tasks/token_classification.h"

namespace heed {

// On the test files of a recipe; nothing when it names none. Errors: those of loading and of data;
// usage: the model is no tagger.
std::optional<TestResult> test_token_classification(const TokenClassificationRecipe& recipe,
                                                    const std::filesystem::path& model);

std::unique_ptr<TestPlan> plan_token_classification_tests(const TokenClassificationRecipe& recipe,
                                                          const TokenClassificationTexts& data);

}  // namespace heed
