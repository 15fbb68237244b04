#include "heed/tasks/text_classification_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "heed/base/error.h"
#include "heed/base/hash.h"
#include "heed/base/number_text.h"
#include "heed/interop/load_model.h"
#include "heed/metrics/calibration.h"
#include "heed/tasks/run_results.h"
#include "heed/tasks/typed_recipe.h"
#include "heed/training/validation_table.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// A model on the test texts of a recipe.
struct TestedTexts {
  LoadedModel model;
  std::unique_ptr<ClassifiedTexts> texts;
  Scores scores;
  std::string problem;
  double temperature = 0;  // that fits held-out texts; 0: there were none
};

std::vector<std::int32_t> single_classes(const ClassifiedTexts& texts) {
  std::vector<std::int32_t> right;
  for (std::size_t i = 0; i < texts.texts(); ++i) {
    right.push_back(texts.classes(i).front());
  }
  return right;
}

// What a model gives for examples.
void score(const TextClassificationRecipe& recipe, std::span<const LabelledText> examples,
           TestedTexts& tested) {
  const auto& model = tested.model.as<HeadedEncoder>();
  const LabelSet labels =
      tested.problem == "regression" ? LabelSet() : LabelSet(model.config().head.labels);
  tested.texts = std::make_unique<ClassifiedTexts>(examples, *tested.model.tokenizers.target,
                                                   labels, tested.problem, recipe.data.is_pair(),
                                                   length_rule(recipe.data, model.longest()));
  tested.scores = scores_of(model, *tested.texts, recipe.batches.batch_tokens,
                            {.precision = parse_precision(recipe.precision)});
}

TestedTexts tested_texts(const TextClassificationRecipe& recipe, const fs::path& directory) {
  TestedTexts tested{.model = load_model(directory)};
  const HeadConfig& head = tested.model.as<HeadedEncoder>().config().head;
  check_usage(head.kind == "sequence" && head.problem == problem_of(recipe.data),
              "{}: a model for {} of kind {}, but the recipe asks for {}", directory.string(),
              head.problem, head.kind, problem_of(recipe.data));
  tested.problem = head.problem;
  if (tested.problem == "single_label") {
    const ClassificationSets sets = read_classification_sets(recipe);
    if (!sets.validation.empty()) {
      score(recipe, sets.validation, tested);
      tested.temperature = best_temperature(tested.scores.values, tested.scores.count,
                                            single_classes(*tested.texts));
    }
  }
  score(recipe, read_labelled_texts(files_of(recipe, recipe.data.test), recipe.data), tested);
  return tested;
}

TestResult result_of(const TestedTexts& tested) {
  const auto rows = label_statistics(*tested.texts, tested.scores, tested.problem);
  TestResult result{.examples = static_cast<std::int64_t>(tested.texts->texts())};
  for (const auto& metric : label_metrics(tested.problem, tested.scores.count)) {
    result.measures.push_back(measure_of(*metric, rows));
    const TestMeasure& measure = result.measures.back();
    result.line += fmt::format("{}{}: {}", result.line.empty() ? "" : ", ", measure.style.name,
                               measure_text(measure.style, measure.value));
  }
  const MetricStyle loss{.key = "loss", .name = "loss", .decimals = 4, .lower_is_better = true};
  result.measures.push_back(
      {.style = loss, .value = loss_of(*tested.texts, tested.scores, tested.problem)});
  if (tested.problem == "single_label") {
    const auto error_at = [&](double temperature) {
      return 100 * calibration_error(
                       probabilities_of(tested.scores.values, tested.scores.count, temperature),
                       tested.scores.count, single_classes(*tested.texts));
    };
    const auto add = [&](const char* key, const char* name, double value) {
      result.measures.push_back(
          {.style = {.key = key, .name = name, .decimals = 2, .lower_is_better = true},
           .value = value});
    };
    add("calibration_error", "calibration error", error_at(1));
    if (tested.temperature > 0) {
      add("temperature", "temperature of the validation texts", tested.temperature);
      add("calibrated_error", "calibration error at it", error_at(tested.temperature));
    }
  }
  return result;
}

class ClassificationTests : public TestPlan {
 public:
  ClassificationTests(const TextClassificationRecipe& recipe, const TextClassificationTexts& data)
      : problem_(problem_of(recipe.data)),
        classes_(problem_ == "regression" ? 1 : data.sets.labels.size()) {
    const auto examples = read_labelled_texts(files_of(recipe, recipe.data.test), recipe.data);
    count_ = examples.size();
    for (const LabelledText& example : examples) {
      content_ += example.text + "\t" + example.second + "\t" +
                  (example.labels.empty() ? std::to_string(example.value)
                                          : fmt::format("{}", fmt::join(example.labels, "|"))) +
                  "\n";
    }
    content_ = fmt::format("{:016x}", hash_of(content_));
  }

  ComparisonGroup group() const override {
    ComparisonGroup group;
    const auto metrics = label_metrics(problem_, classes_);
    group.measures.metric = metrics.front();
    group.measures.besides.assign(metrics.begin() + 1, metrics.end());
    group.measures.items = "texts";
    group.measures.tested_on = fmt::format("{} test texts", count_text(count_));
    group.sets = {"test"};
    group.sentences = count_;
    return group;
  }
  Json content() const override { return content_; }
  std::vector<std::string> notes() const override { return {}; }
  TestedSets run(const Json& recipe, const fs::path& model, const fs::path&,
                 const fs::path&) const override {
    const auto begin = std::chrono::steady_clock::now();
    const TestedTexts tested = tested_texts(typed_recipe<TextClassificationRecipe>(recipe), model);
    TestedSets result;
    result.sets.push_back(
        {.loss = loss_of(*tested.texts, tested.scores, tested.problem),
         .statistics = label_statistics(*tested.texts, tested.scores, tested.problem)});
    result.test = result_of(tested);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    result.test_seconds = time.count();
    return result;
  }

 private:
  std::string problem_;
  std::int64_t classes_;
  std::size_t count_ = 0;
  std::string content_;
};

}  // namespace

double loss_of(const ClassifiedTexts& texts, const Scores& scores, const std::string& problem) {
  std::vector<std::uint32_t> all(texts.texts());
  std::iota(all.begin(), all.end(), 0u);
  const Tensor values = Tensor::from_values<float>(
      scores.values, {static_cast<std::int64_t>(all.size()), scores.count});
  return label_loss(values, texts.targets_of(all), {.problem = problem}).plain /
         static_cast<double>(std::max<std::size_t>(1, all.size()));
}

std::vector<Mistake> worst_mistakes(const ClassifiedTexts& texts, const Scores& scores,
                                    const std::string& problem) {
  std::vector<Mistake> mistakes;
  for (std::size_t i = 0; i < texts.texts(); ++i) {
    if (problem == "regression") {
      mistakes.push_back({i, std::abs(scores.row(i)[0] - texts.number(i))});
      continue;
    }
    const auto probabilities = class_probabilities(scores.row(i), problem);
    double certainty = 0;
    const auto right = texts.classes(i);
    const auto chosen = chosen_classes(scores.row(i), problem);
    for (std::size_t c = 0; c < probabilities.size(); ++c) {
      const auto number = static_cast<std::int32_t>(c);
      const bool is_right = std::find(right.begin(), right.end(), number) != right.end();
      const bool is_chosen = std::find(chosen.begin(), chosen.end(), number) != chosen.end();
      if (is_chosen && !is_right) {
        certainty = std::max(certainty, probabilities[c]);
      } else if (is_right && !is_chosen && problem == "multi_label") {
        certainty = std::max(certainty, 1 - probabilities[c]);
      }
    }
    if (certainty > 0) {
      mistakes.push_back({i, certainty});
    }
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.certainty > b.certainty; });
  mistakes.resize(std::min<std::size_t>(mistakes.size(), 100));
  return mistakes;
}

std::string prediction_lines(const ClassifiedTexts& texts, const Scores& scores,
                             const std::string& problem, const LabelSet& labels) {
  std::string lines;
  for (std::size_t i = 0; i < texts.texts(); ++i) {
    const auto row = scores.row(i);
    if (problem == "regression") {
      lines += fmt::format("{:.4f}\n", row[0]);
      continue;
    }
    const auto probabilities = class_probabilities(row, problem);
    std::string line;
    for (const std::int32_t number : chosen_classes(row, problem)) {
      const auto c = static_cast<std::size_t>(number);
      line += fmt::format("{}{}\t{:.4f}", line.empty() ? "" : "\t", labels.names()[c],
                          probabilities[c]);
    }
    lines += line + "\n";
  }
  return lines;
}

std::optional<TestResult> test_text_classification(const TextClassificationRecipe& recipe,
                                                   const fs::path& model) {
  if (recipe.data.test.empty()) {
    return std::nullopt;
  }
  return result_of(tested_texts(recipe, model));
}

std::unique_ptr<TestPlan> plan_text_classification_tests(const TextClassificationRecipe& recipe,
                                                         const TextClassificationTexts& data) {
  return std::make_unique<ClassificationTests>(recipe, data);
}

}  // namespace heed
