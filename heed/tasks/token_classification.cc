#include "heed/tasks/token_classification.h"

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/load_model.h"
#include "heed/metrics/entities.h"
#include "heed/tasks/token_classification_data.h"
#include "heed/tasks/token_classification_tests.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {

namespace {

// "London/B-location is/O …"
std::string tagged_line(const TaggedSentence& sentence, const std::vector<std::int32_t>& tags,
                        const LabelSet& names) {
  std::string line;
  for (std::size_t i = 0; i < sentence.words.size(); ++i) {
    line += (i > 0 ? " " : "") + sentence.words[i] + "/" +
            names.names()[static_cast<std::size_t>(tags[i])];
  }
  return line;
}

}  // namespace

TokenClassificationTask::TokenClassificationTask(
    const TokenClassificationRecipe& recipe, std::shared_ptr<const TokenClassificationTexts> data)
    : recipe_(recipe),
      data_(std::move(data)),
      model_(make_headed_encoder(recipe, recipe.model, recipe.adapting,
                                 {.kind = "token", .labels = data_->tags.names()},
                                 *data_->tokenizers.target)) {
  const auto texts_of = [&](const std::vector<TaggedSentence>& sentences) {
    return std::make_shared<const TaggedTexts>(
        sentences, *data_->tokenizers.target, data_->tags,
        LengthRule{
            .longest = recipe_.data.max_tokens > 0 ? recipe_.data.max_tokens : model_->longest(),
            .windows = true,
            .stride = recipe_.data.stride});
  };
  training_ = texts_of(data_->train);
  if (!data_->validation.empty()) {
    validation_ = texts_of(data_->validation);
  }
}

Loss TokenClassificationTask::loss(const Batch& batch, double scale,
                                   ForwardContext& context) const {
  const auto& texts = static_cast<const TaggedBatch&>(batch);
  const Tensor scores = headed_scores(*model_, recipe_.adapting.freezes(), texts.inputs, context);
  return label_loss(scores, texts.targets,
                    {.smoothing = recipe_.training.label_smoothing, .scale = scale});
}

std::vector<TaskMeasure> TokenClassificationTask::measures() const {
  std::vector<TaskMeasure> measures;
  if (validation_ != nullptr) {
    for (const auto& metric : tag_metrics(data_->entities)) {
      measures.push_back({.style = metric->style()});
    }
  }
  return measures;
}

Evaluation TokenClassificationTask::validate(bool, ForwardContext context) const {
  const auto scores = tag_scores(*model_, *validation_, recipe_.batches.batch_tokens, context);
  const auto rows = tag_statistics(*validation_, scores, data_->tags);
  Evaluation evaluation{.loss = tag_loss(*validation_, scores, data_->tags.size())};
  for (const auto& metric : tag_metrics(data_->entities)) {
    evaluation.measures.emplace_back(metric->style().key, metric->score_of(rows.total()));
  }
  for (std::size_t s = 0; s < scores.size(); ++s) {
    const auto tags = best_tags(scores[s], data_->tags.size());
    const std::string given = tagged_line(data_->validation[s], tags, data_->tags);
    if (tags != validation_->right(s)) {
      evaluation.samples.push_back(
          {.input = data_->validation[s].place,
           .expected = tagged_line(data_->validation[s], validation_->right(s), data_->tags),
           .given = given});
    }
    evaluation.text += given + "\n";
  }
  return evaluation;
}

void TokenClassificationTask::add_to_report(RunReport& report) const {
  report.sample_wording = {
      .title = "Mistakes", .input = "Sentence", .expected = "Right", .given = "Model"};
}

ModelFiles TokenClassificationTask::files() const {
  return training_files(*model_, data_->tokenizers, encoder_symbols_for(*data_->tokenizers.target),
                        {});
}

TaskKind token_classification_task() {
  using Recipe = TokenClassificationRecipe;
  TaskKind kind;
  kind.name = "token_classification";
  kind.summary = "an encoder that tags words: entities, parts of speech";
  kind.keys = recipe_keys<Recipe>;
  kind.resolve = [](const Json& document, const std::string& source) {
    Recipe defaults;
    defaults.model = default_encoder(document, source);
    const Recipe recipe = config_from_json<Recipe>(document, source, defaults);
    check_token_classification_recipe(recipe, source);
    return config_to_json(recipe);
  };
  kind.check_data = [](const Json& recipe) {
    check_token_classification_data(typed_recipe<Recipe>(recipe));
  };
  kind.data_identity = [](const Json& recipe) {
    return token_classification_identity(typed_recipe<Recipe>(recipe));
  };
  kind.prepare = [](const Json& recipe, const TaskPlace& place) -> std::shared_ptr<const TaskData> {
    return prepare_token_classification(typed_recipe<Recipe>(recipe), place);
  };
  kind.make = [](const Json& recipe,
                 std::shared_ptr<const TaskData> data) -> std::unique_ptr<Task> {
    return std::make_unique<TokenClassificationTask>(
        typed_recipe<Recipe>(recipe),
        std::static_pointer_cast<const TokenClassificationTexts>(data));
  };
  kind.try_out = [](const Json&, const TaskData&, Task&) {};
  kind.test = [](const Json& recipe, const std::filesystem::path& model,
                 const std::filesystem::path&) {
    return test_token_classification(typed_recipe<Recipe>(recipe), model);
  };
  kind.check_multiples = [](const Json& recipe, const std::vector<double>& multiples) {
    check_usage(multiples.empty(), "lengths: sentences to tag are as long as they are");
    check_usage(!typed_recipe<Recipe>(recipe).data.test.empty(),
                "nothing to compare on: name data.test");
  };
  kind.plan_tests = [](const Json& recipe, const std::vector<double>&, const TaskData& data,
                       const std::filesystem::path&) {
    return plan_token_classification_tests(typed_recipe<Recipe>(recipe),
                                           static_cast<const TokenClassificationTexts&>(data));
  };
  return kind;
}

}  // namespace heed
