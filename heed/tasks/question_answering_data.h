// Reading what a recipe of questions names, and measuring on its test questions.
//
// Thread-safety: functions, from any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "heed/metrics/sentence_statistics.h"
#include "heed/tasks/question_answering.h"

namespace heed {

// Everything but tokenizers and fingerprints. Errors: those of read_question_file; bad_data:
// nothing left to learn from.
QuestionAnsweringTexts read_question_answering(const QuestionAnsweringRecipe& recipe);

// Reads all files, those of the test as well.
void check_question_answering_data(const QuestionAnsweringRecipe& recipe);

std::shared_ptr<const QuestionAnsweringTexts> prepare_question_answering(
    const QuestionAnsweringRecipe& recipe, const TaskPlace& place);

Json question_answering_identity(const QuestionAnsweringRecipe& recipe);

// Rows of answer_row, a question each.
SentenceStatistics answer_statistics(std::span<const AskedContext> contexts,
                                     std::span<const FoundAnswer> answers);

// On the test file of a recipe; nothing when it names none. Errors: those of loading and of data;
// usage: the model does not answer questions.
std::optional<TestResult> test_question_answering(const QuestionAnsweringRecipe& recipe,
                                                  const std::filesystem::path& model);

std::unique_ptr<TestPlan> plan_question_answering_tests(const QuestionAnsweringRecipe& recipe);

}  // namespace heed
