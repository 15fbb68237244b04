#include "heed/tasks/question_answering.h"

#include "heed/autograd/gradient.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/load_model.h"
#include "heed/metrics/answers.h"
#include "heed/ops/softmax.h"
#include "heed/tasks/question_answering_data.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {

namespace {

ops::CrossEntropyResult span_loss(const Tensor& scores, const AskedBatch& batch, double smoothing,
                                  double scale) {
  return ops::sequence_cross_entropy(
      scores, batch.inputs.rows.offsets, batch.targets,
      {.smoothing = static_cast<float>(smoothing), .scale = static_cast<float>(scale)});
}

}  // namespace

QuestionAnsweringTask::QuestionAnsweringTask(const QuestionAnsweringRecipe& recipe,
                                             std::shared_ptr<const QuestionAnsweringTexts> data)
    : recipe_(recipe),
      data_(std::move(data)),
      model_(make_headed_encoder(recipe, recipe.model, recipe.adapting, {.kind = "question"},
                                 *data_->tokenizers.target)) {
  const auto texts_of = [&](const std::vector<AskedContext>& contexts) {
    return std::make_shared<const AskedTexts>(
        contexts, *data_->tokenizers.target,
        LengthRule{
            .longest = recipe_.data.max_tokens > 0 ? recipe_.data.max_tokens : model_->longest(),
            .windows = true,
            .stride = recipe_.data.stride},
        true);
  };
  training_ = texts_of(data_->train);
  if (!data_->validation.empty()) {
    validation_ = texts_of(data_->validation);
  }
}

Loss QuestionAnsweringTask::loss(const Batch& batch, double scale, ForwardContext& context) const {
  const auto& asked = static_cast<const AskedBatch&>(batch);
  const Tensor scores = headed_scores(*model_, recipe_.adapting.freezes(), asked.inputs, context);
  const auto result = span_loss(scores, asked, recipe_.training.label_smoothing, scale);
  return {result.loss, result.sums.loss, result.sums.plain_loss};
}

std::vector<TaskMeasure> QuestionAnsweringTask::measures() const {
  if (validation_ == nullptr) {
    return {};
  }
  return {{.style = AnswerMetric::f1().style()}, {.style = AnswerMetric::exact().style()}};
}

Evaluation QuestionAnsweringTask::validate(bool, ForwardContext context) const {
  Evaluation evaluation;
  double predictions = 0;
  const BatchPlan plan = make_ordered_plan(validation_->sizes(), recipe_.batches);
  for (std::int64_t i = 0; i < plan.size(); ++i) {
    const auto batch = validation_->make(plan.batch(i), 0);
    const auto& asked = static_cast<const AskedBatch&>(*batch);
    const Tensor scores = headed_scores(*model_, false, asked.inputs, context);
    evaluation.loss += span_loss(scores, asked, 0, 1).sums.plain_loss;
    predictions += static_cast<double>(asked.predictions);
  }
  evaluation.loss /= predictions;
  const auto answers = found_answers(*model_, *validation_, recipe_.data.answer_tokens,
                                     recipe_.batches.batch_tokens, context);
  const auto totals = answer_statistics(data_->validation, answers).total();
  for (const AnswerMetric& metric : {AnswerMetric::f1(), AnswerMetric::exact()}) {
    evaluation.measures.emplace_back(metric.style().key, metric.score_of(totals));
  }
  std::size_t next = 0;
  for (const AskedContext& about : data_->validation) {
    for (const AskedQuestion& question : about.questions) {
      const FoundAnswer& answer = answers[next++];
      if (answer_exact(answer.text, question.answers) == 0) {
        evaluation.samples.push_back({.input = question.question,
                                      .expected = question.answers.front(),
                                      .given = answer.text,
                                      .score = answer.probability});
      }
      evaluation.text += question.id + "\t" + answer.text + "\n";
    }
  }
  return evaluation;
}

void QuestionAnsweringTask::add_to_report(RunReport& report) const {
  report.sample_wording = {.title = "Mistakes",
                           .input = "Question",
                           .expected = "Right",
                           .given = "Model",
                           .score = "probability"};
}

ModelFiles QuestionAnsweringTask::files() const {
  return training_files(*model_, data_->tokenizers, encoder_symbols_for(*data_->tokenizers.target),
                        {});
}

TaskKind question_answering_task() {
  using Recipe = QuestionAnsweringRecipe;
  TaskKind kind;
  kind.name = "question_answering";
  kind.summary = "an encoder that answers a question by a piece of a text";
  kind.keys = recipe_keys<Recipe>;
  kind.resolve = [](const Json& document, const std::string& source) {
    Recipe defaults;
    defaults.model = default_encoder(document, source);
    const Recipe recipe = config_from_json<Recipe>(document, source, defaults);
    check_question_answering_recipe(recipe, source);
    return config_to_json(recipe);
  };
  kind.check_data = [](const Json& recipe) {
    check_question_answering_data(typed_recipe<Recipe>(recipe));
  };
  kind.data_identity = [](const Json& recipe) {
    return question_answering_identity(typed_recipe<Recipe>(recipe));
  };
  kind.prepare = [](const Json& recipe, const TaskPlace& place) -> std::shared_ptr<const TaskData> {
    return prepare_question_answering(typed_recipe<Recipe>(recipe), place);
  };
  kind.make = [](const Json& recipe,
                 std::shared_ptr<const TaskData> data) -> std::unique_ptr<Task> {
    return std::make_unique<QuestionAnsweringTask>(
        typed_recipe<Recipe>(recipe), std::static_pointer_cast<const QuestionAnsweringTexts>(data));
  };
  kind.try_out = [](const Json&, const TaskData&, Task&) {};
  kind.test = [](const Json& recipe, const std::filesystem::path& model,
                 const std::filesystem::path&) {
    return test_question_answering(typed_recipe<Recipe>(recipe), model);
  };
  kind.check_multiples = [](const Json& recipe, const std::vector<double>& multiples) {
    check_usage(multiples.empty(), "lengths: contexts are as long as they are");
    check_usage(!typed_recipe<Recipe>(recipe).data.test.empty(),
                "nothing to compare on: name data.test");
  };
  kind.plan_tests = [](const Json& recipe, const std::vector<double>&, const TaskData&,
                       const std::filesystem::path&) {
    return plan_question_answering_tests(typed_recipe<Recipe>(recipe));
  };
  return kind;
}

}  // namespace heed
