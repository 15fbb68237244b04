#include "heed/tasks/question_answering_recipe.h"

#include <charconv>

#include "heed/base/error.h"
#include "heed/metrics/answers.h"
#include "heed/training/task.h"

namespace heed {

QuestionAnsweringRecipe::QuestionAnsweringRecipe() {
  task = "question_answering";
  tokenizer.kind = "byte-level-bpe";
  training.label_smoothing = 0;
}

ArticleRange parse_articles(const std::string& text, const std::string& key) {
  ArticleRange range;
  if (text.empty()) {
    return range;
  }
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.first);
  const bool hyphen = first.ec == std::errc() && first.ptr != end && *first.ptr == '-';
  const auto last =
      hyphen ? std::from_chars(first.ptr + 1, end, range.last) : std::from_chars_result{end, {}};
  check_usage(hyphen && last.ec == std::errc() && last.ptr == end && range.first >= 1 &&
                  range.last >= range.first,
              "{} '{}': expected the first and the last number, such as 1-40", key, text);
  return range;
}

void check_question_answering_recipe(const QuestionAnsweringRecipe& recipe,
                                     const std::string& source) {
  const QuestionAnsweringData& data = recipe.data;
  check_usage(!data.train.empty(), "data.train: name the file to learn from");
  parse_articles(data.train_articles, "data.train_articles");
  parse_articles(data.validation_articles, "data.validation_articles");
  parse_articles(data.test_articles, "data.test_articles");
  check_usage(data.validation_share >= 0 && data.validation_share < 1,
              "data.validation_share: must be in [0, 1), got {}", data.validation_share);
  check_usage(data.max_tokens >= 0 && data.max_tokens <= recipe.model.max_length,
              "data.max_tokens: must be in 0 … {} (model.max_length), got {}",
              recipe.model.max_length, data.max_tokens);
  check_usage(data.stride >= 0, "data.stride: must be at least 0, got {}", data.stride);
  check_usage(data.answer_tokens >= 1, "data.answer_tokens: must be at least 1, got {}",
              data.answer_tokens);
  check_run_settings(recipe, source);
  check_adapting(recipe.model, recipe.adapting);
  if (recipe.init_from.empty()) {
    check_tokenizer_config(recipe.tokenizer);
  }
  check_usage(recipe.tokenizer.joint, "tokenizer.joint: this task has one vocabulary");
  const std::vector<TaskMeasure> measures = {{.style = AnswerMetric::f1().style()},
                                             {.style = AnswerMetric::exact().style()}};
  check_validation_keys(recipe.training, measures,
                        !data.validation.empty() || data.validation_share > 0);
}

}  // namespace heed
