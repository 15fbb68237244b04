#include "heed/tasks/text_classification_recipe.h"

#include "heed/base/error.h"
#include "heed/metrics/class_metrics.h"
#include "heed/metrics/correlation.h"

namespace heed {

TextClassificationRecipe::TextClassificationRecipe() {
  task = "text_classification";
  tokenizer.kind = "byte-level-bpe";
  training.label_smoothing = 0;
}

namespace {

// Keys for training.best_by; how many classes there are is known when the data are read.
std::vector<TaskMeasure> possible_measures(const std::string& problem) {
  std::vector<TaskMeasure> measures;
  for (const auto& metric : label_metrics(problem, 2)) {
    measures.push_back({.style = metric->style()});
  }
  return measures;
}

void check_shares(const TextClassificationData& data) {
  check_usage(!data.train.empty(), "data.train: name the files to learn from");
  check_usage(data.validation_share >= 0 && data.validation_share < 1,
              "data.validation_share: must be in [0, 1), got {}", data.validation_share);
  check_usage(data.train_share > 0 && data.train_share <= 1,
              "data.train_share: must be in (0, 1], got {}", data.train_share);
  check_usage(data.examples_per_class >= 0, "data.examples_per_class: must be at least 0, got {}",
              data.examples_per_class);
  check_usage(data.train_share == 1 || data.examples_per_class == 0,
              "data.examples_per_class: not together with data.train_share");
  check_usage(data.class_weights == "none" || data.class_weights == "balanced",
              "data.class_weights '{}': expected none or balanced", data.class_weights);
  check_usage(data.class_weights == "none" || data.target != "number",
              "data.class_weights: numbers have no classes");
  check_usage(data.max_tokens >= 0, "data.max_tokens: must be at least 0, got {}", data.max_tokens);
  check_usage(data.long_texts == "cut" || data.long_texts == "windows",
              "data.long_texts '{}': expected cut or windows", data.long_texts);
  check_usage(data.long_texts == "cut" || !data.is_pair(),
              "data.long_texts windows: pairs are cut, from the end of the longer text");
  check_usage(data.stride >= 0, "data.stride: must be at least 0, got {}", data.stride);
}

}  // namespace

void check_text_classification_recipe(const TextClassificationRecipe& recipe,
                                      const std::string& source) {
  check_labelled_text_config(recipe.data);
  check_shares(recipe.data);
  check_run_settings(recipe, source);
  check_adapting(recipe.model, recipe.adapting);
  check_usage(recipe.model.segments != 1, "model.segments: 0, or one for each text of a pair");
  if (recipe.init_from.empty()) {
    check_tokenizer_config(recipe.tokenizer);
  }
  check_usage(recipe.tokenizer.joint, "tokenizer.joint: a classifier has one vocabulary");
  check_usage(recipe.training.label_smoothing == 0 || recipe.data.target == "class",
              "training.label_smoothing: is for data.target class, not {}", recipe.data.target);
  check_validation_keys(recipe.training, possible_measures(problem_of(recipe.data)),
                        !recipe.data.validation.empty() || recipe.data.validation_share > 0);
  check_usage(recipe.data.max_tokens <= recipe.model.max_length,
              "data.max_tokens: {}, but model.max_length is {}", recipe.data.max_tokens,
              recipe.model.max_length);
}

std::vector<std::filesystem::path> files_of(const TextClassificationRecipe& recipe,
                                            const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names) {
    files.push_back(std::filesystem::path(recipe.data.directory) / name);
  }
  return files;
}

std::string problem_of(const LabelledTextConfig& config) {
  return config.target == "class"     ? "single_label"
         : config.target == "classes" ? "multi_label"
                                      : "regression";
}

LengthRule length_rule(const TextClassificationData& data, std::int64_t longest) {
  return {
      .longest = data.max_tokens > 0 ? std::min<std::int64_t>(data.max_tokens, longest) : longest,
      .windows = data.long_texts == "windows",
      .stride = data.stride};
}

std::vector<std::shared_ptr<const Metric>> label_metrics(const std::string& problem,
                                                         std::int64_t classes) {
  std::vector<std::shared_ptr<const Metric>> metrics;
  const auto add = [&](ClassMeasure measure, bool every_class = false) {
    metrics.push_back(std::make_shared<ClassMetric>(measure, classes, every_class));
  };
  if (problem == "regression") {
    metrics.push_back(std::make_shared<Correlation>(Correlation::pearson()));
    metrics.push_back(std::make_shared<Correlation>(Correlation::spearman()));
  } else if (problem == "multi_label") {
    add(ClassMeasure::micro_f1);
    add(ClassMeasure::macro_f1, true);
    add(ClassMeasure::accuracy);
  } else {
    add(ClassMeasure::accuracy);
    add(ClassMeasure::macro_f1);
    add(ClassMeasure::matthews);
    if (classes == 2) {
      add(ClassMeasure::f1);
    }
  }
  return metrics;
}

}  // namespace heed
