// What translators are tested on: the test set at the end of a run, and the sets of a study, whole
// and by length.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "heed/models/translator.h"
#include "heed/tasks/task_kind.h"
#include "heed/tasks/translation_data.h"

namespace heed {

// Decodes the test set with a model directory, as `heed evaluate` does with the recipe's decoding;
// gives its BLEU, or of a toy task its accuracy. Nothing: the recipe names no test set.
std::optional<TestResult> test_translation(const TranslationRecipe& recipe,
                                           const std::filesystem::path& model,
                                           const std::filesystem::path& run);

// A step of training, and two tokens of a translation. Errors: what the model refuses.
void try_out_translation(const TranslationRecipe& recipe, const TranslationCorpora& data,
                         const Translator& model);

// The longest test sequence of a toy task, with its end symbol, must be one that the model takes.
// Errors (usage).
void check_translation_multiples(const TranslationRecipe& recipe,
                                 const std::vector<double>& multiples);

// The test set of a recipe (for want of one its validation set) in buckets by length. Of a toy task
// `multiples` of its maximum_length become sets of their own, written into `directory`/data. A
// corpus is divided at `multiples` of the longest source trained on, or without any into parts of
// equal size. Errors: usage when there is nothing to test on, and those of the corpora.
std::unique_ptr<TestPlan> plan_translation_tests(const TranslationRecipe& recipe,
                                                 const std::vector<double>& multiples,
                                                 const TranslationCorpora& data,
                                                 const std::filesystem::path& directory);

}  // namespace heed
