// What classifiers of texts are measured by: on validation texts while they learn, and on test
// texts at the end.
//
// Thread-safety: functions, from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/tasks/classified_texts.h"
#include "heed/tasks/task_kind.h"
#include "heed/tasks/text_classification_data.h"

namespace heed {

// The mean loss of texts, without smoothing or weights.
double loss_of(const ClassifiedTexts& texts, const Scores& scores, const std::string& problem);

// Texts that a model got wrong, those first of whose wrong answer it was most certain; of numbers
// those with the largest error.
struct Mistake {
  std::size_t text = 0;
  double certainty = 0;  // probability of the wrong answer, or the error
};
std::vector<Mistake> worst_mistakes(const ClassifiedTexts& texts, const Scores& scores,
                                    const std::string& problem);

// A line for each text: label and probability, or the number.
std::string prediction_lines(const ClassifiedTexts& texts, const Scores& scores,
                             const std::string& problem, const LabelSet& labels);

// Measures a model on the test files of a recipe; nothing when it names none. Errors: those of
// loading and of data; usage: the model has other labels than the recipe's data.
std::optional<TestResult> test_text_classification(const TextClassificationRecipe& recipe,
                                                   const std::filesystem::path& model);

std::unique_ptr<TestPlan> plan_text_classification_tests(const TextClassificationRecipe& recipe,
                                                         const TextClassificationTexts& data);

}  // namespace heed
