#include "heed/tasks/text_classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/load_model.h"
#include "heed/tasks/text_classification_tests.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {

namespace {

HeadConfig head_of(const std::string& problem, const LabelSet& labels) {
  HeadConfig head{.kind = "sequence", .problem = problem, .labels = labels.names()};
  if (problem == "regression") {
    head.labels = {"score"};
  }
  return head;
}

std::string shown_text(const LabelledText& example) {
  return example.second.empty() ? example.text : example.text + " ‖ " + example.second;
}

std::string names_of(std::span<const std::int32_t> classes, const LabelSet& labels) {
  std::string text;
  for (const std::int32_t number : classes) {
    text += (text.empty() ? "" : ", ") + labels.names()[static_cast<std::size_t>(number)];
  }
  return text.empty() ? "none" : text;
}

}  // namespace

TextClassificationTask::TextClassificationTask(const TextClassificationRecipe& recipe,
                                               std::shared_ptr<const TextClassificationTexts> data)
    : recipe_(recipe),
      data_(std::move(data)),
      problem_(problem_of(recipe.data)),
      model_(make_headed_encoder(recipe, recipe.model, recipe.adapting,
                                 head_of(problem_, data_->sets.labels), *data_->tokenizers.target)),
      class_weights_(class_weights_of(recipe, data_->sets)) {
  const auto texts_of = [&](const std::vector<LabelledText>& examples) {
    return std::make_shared<const ClassifiedTexts>(
        examples, *data_->tokenizers.target, data_->sets.labels, problem_, recipe_.data.is_pair(),
        length_rule(recipe_.data, model_->longest()));
  };
  training_ = texts_of(data_->sets.train);
  if (!data_->sets.validation.empty()) {
    validation_ = texts_of(data_->sets.validation);
  }
}

Loss TextClassificationTask::loss(const Batch& batch, double scale, ForwardContext& context) const {
  const auto& texts = static_cast<const ClassifiedBatch&>(batch);
  const Tensor scores = headed_scores(*model_, recipe_.adapting.freezes(), texts.inputs, context);
  return label_loss(scores, texts.targets,
                    {.problem = problem_,
                     .smoothing = recipe_.training.label_smoothing,
                     .class_weights = class_weights_,
                     .scale = scale});
}

LossStyle TextClassificationTask::loss_style() const {
  return {.unit = problem_ == "regression" ? "squared error" : "nats per text",
          .perplexity = false};
}

std::vector<TaskMeasure> TextClassificationTask::measures() const {
  std::vector<TaskMeasure> measures;
  if (validation_ != nullptr) {
    for (const auto& metric : label_metrics(problem_, training_->score_count())) {
      measures.push_back({.style = metric->style()});
    }
  }
  return measures;
}

Evaluation TextClassificationTask::validate(bool, ForwardContext context) const {
  last_scores_ = scores_of(*model_, *validation_, recipe_.batches.batch_tokens, context);
  const auto rows = label_statistics(*validation_, last_scores_, problem_);
  Evaluation evaluation{.loss = loss_of(*validation_, last_scores_, problem_)};
  for (const auto& metric : label_metrics(problem_, last_scores_.count)) {
    evaluation.measures.emplace_back(metric->style().key, metric->score_of(rows.total()));
  }
  const LabelSet& labels = data_->sets.labels;
  for (const Mistake& mistake : worst_mistakes(*validation_, last_scores_, problem_)) {
    const LabelledText& example = data_->sets.validation[mistake.text];
    const bool number = problem_ == "regression";
    evaluation.samples.push_back(
        {.input = shown_text(example),
         .expected = number ? fmt::format("{:.3g}", example.value)
                            : names_of(validation_->classes(mistake.text), labels),
         .given = number
                      ? fmt::format("{:.3g}", last_scores_.row(mistake.text)[0])
                      : names_of(chosen_classes(last_scores_.row(mistake.text), problem_), labels),
         .score = mistake.certainty});
  }
  evaluation.text = prediction_lines(*validation_, last_scores_, problem_, labels);
  return evaluation;
}

void TextClassificationTask::add_to_report(RunReport& report) const {
  report.sample_wording = {.title = "Most certain mistakes",
                           .input = "Text",
                           .expected = "Right",
                           .given = "Model",
                           .score = problem_ == "regression" ? "error" : "probability"};
  if (validation_ == nullptr || last_scores_.count == 0 || problem_ != "single_label") {
    return;
  }
  const std::vector<std::string>& names = data_->sets.labels.names();
  CountTable table{.title = "Confusion",
                   .row_name = "right",
                   .column_name = "model",
                   .rows = names,
                   .columns = names,
                   .note =
                       "Held-out texts at the last validation; a row's shades are shares of "
                       "the texts of that class."};
  ConfusionMatrix matrix(last_scores_.count);
  for (std::size_t i = 0; i < validation_->texts(); ++i) {
    matrix.add(validation_->classes(i).front(),
               chosen_classes(last_scores_.row(i), problem_).front());
  }
  for (std::int64_t right = 0; right < matrix.classes(); ++right) {
    table.counts.emplace_back();
    for (std::int64_t predicted = 0; predicted < matrix.classes(); ++predicted) {
      table.counts.back().push_back(matrix.at(right, predicted));
    }
  }
  report.counts = std::move(table);
}

ModelFiles TextClassificationTask::files() const {
  return training_files(*model_, data_->tokenizers, encoder_symbols_for(*data_->tokenizers.target),
                        {});
}

TaskKind text_classification_task() {
  using Recipe = TextClassificationRecipe;
  TaskKind kind;
  kind.name = "text_classification";
  kind.summary = "an encoder that tells the label of a text, or of a pair; or a number";
  kind.keys = recipe_keys<Recipe>;
  kind.resolve = [](const Json& document, const std::string& source) {
    Recipe defaults;
    defaults.model = default_encoder(document, source);
    const Recipe recipe = config_from_json<Recipe>(document, source, defaults);
    check_text_classification_recipe(recipe, source);
    return config_to_json(recipe);
  };
  kind.check_data = [](const Json& recipe) {
    check_text_classification_data(typed_recipe<Recipe>(recipe));
  };
  kind.data_identity = [](const Json& recipe) {
    return text_classification_identity(typed_recipe<Recipe>(recipe));
  };
  kind.prepare = [](const Json& recipe, const TaskPlace& place) -> std::shared_ptr<const TaskData> {
    return prepare_text_classification(typed_recipe<Recipe>(recipe), place);
  };
  kind.make = [](const Json& recipe,
                 std::shared_ptr<const TaskData> data) -> std::unique_ptr<Task> {
    return std::make_unique<TextClassificationTask>(
        typed_recipe<Recipe>(recipe),
        std::static_pointer_cast<const TextClassificationTexts>(data));
  };
  kind.try_out = [](const Json&, const TaskData&, Task&) {};
  kind.test = [](const Json& recipe, const std::filesystem::path& model,
                 const std::filesystem::path&) {
    return test_text_classification(typed_recipe<Recipe>(recipe), model);
  };
  kind.check_multiples = [](const Json& recipe, const std::vector<double>& multiples) {
    check_usage(multiples.empty(), "lengths: texts to classify are as long as they are");
    check_usage(!typed_recipe<Recipe>(recipe).data.test.empty(),
                "nothing to compare on: name data.test");
  };
  kind.plan_tests = [](const Json& recipe, const std::vector<double>&, const TaskData& data,
                       const std::filesystem::path&) {
    return plan_text_classification_tests(typed_recipe<Recipe>(recipe),
                                          static_cast<const TextClassificationTexts&>(data));
  };
  return kind;
}

}  // namespace heed
