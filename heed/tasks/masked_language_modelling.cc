#include "heed/tasks/masked_language_modelling.h"

#include <optional>
#include <string_view>

#include "heed/autograd/kept_activation.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/data/batching.h"
#include "heed/interop/load_model.h"
#include "heed/interop/model_kind.h"
#include "heed/kernels/kernel.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/rows.h"
#include "heed/tasks/initial_weights.h"
#include "heed/tasks/mask_filler.h"
#include "heed/tasks/masked_language_modelling_tests.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// Keys that say which heads a model has: a model to start from may have others.
constexpr std::string_view head_keys[] = {"masked_head",    "next_sentence_head",
                                          "detection_head", "tie_embeddings",
                                          "pooler",         "pooler_dropout"};

std::unique_ptr<TextEncoder> make_encoder(const MaskedLanguageModellingRecipe& recipe,
                                          const TokenizerPair& tokenizers) {
  std::optional<LoadedModel> initial;
  std::int64_t pieces = tokenizers.target->size();
  if (!recipe.init_from.empty()) {
    initial = load_initial_model(recipe.init_from, "masked_language_modelling");
    pieces = initial->as<TextEncoder>().vocabulary_size();
  }
  auto model =
      std::make_unique<TextEncoder>(recipe.model, pieces, cpu_device, StartingWeights::unset);
  initialize_parameters(*model, static_cast<std::uint64_t>(recipe.seed));
  if (initial) {
    Json wanted = config_to_json(model->config());
    for (const std::string_view key : head_keys) {
      wanted.erase(std::string(key));
    }
    check_same_model(recipe.init_from, wanted, description_of(*initial->module).section);
    copy_known_weights(*initial->module, *model);
  }
  return model;
}

struct MaskedLosses {
  ops::CrossEntropyResult masked;
  std::optional<ops::CrossEntropyResult> pairs;
};

// `scale`: of the sum over hidden tokens; that over pairs is brought to the same weight in all.
MaskedLosses masked_losses(const TextEncoder& model, const MaskedBatch& batch, double scale,
                           ForwardContext& context) {
  const RoundedActivations rounded(context.rounds_activations());
  const auto states = model.encode(batch.inputs, context);
  const Tensor rows = model.masked_states(ops::gather_rows(states.values, batch.masked), context);
  ops::CrossEntropyOptions options{.scale = static_cast<float>(scale),
                                   .precision = context.precision};
  MaskedLosses losses{
      ops::projection_cross_entropy(rows, model.masked_projection(), batch.targets, options),
      std::nullopt};
  if (batch.follows.element_count() > 0) {
    options.scale = static_cast<float>(scale * static_cast<double>(batch.predictions) /
                                       static_cast<double>(batch.follows.element_count()));
    losses.pairs = ops::projection_cross_entropy(
        model.summary(states, context), model.next_sentence_projection(), batch.follows, options);
  }
  return losses;
}

double percent(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? 100 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::shared_ptr<const MaskedSource> source_of(const MaskedLanguageModellingRecipe& recipe,
                                              const LanguageModellingText& data,
                                              const std::shared_ptr<const TokenText>& text) {
  const Tokenizer& tokenizer = *data.tokenizers.target;
  const auto seed = static_cast<std::uint64_t>(recipe.seed);
  return std::make_shared<const MaskedSource>(
      text, masked_windows_of(recipe),
      std::make_shared<const Masking>(recipe.data.masking, tokenizer, seed), tokenizer, seed);
}

}  // namespace

double MaskedScore::masked_accuracy() const {
  return percent(guessed, masked);
}

double MaskedScore::next_sentence_accuracy() const {
  return percent(pairs_right, pairs);
}

MaskedScore masked_score(const TextEncoder& model, const MaskedSource& source,
                         const BatchConfig& batches, const ForwardContext& context) {
  const NoGradientScope no_gradients;
  MaskedScore score;
  const BatchPlan plan = make_ordered_plan(source.sizes(), batches);
  for (std::int64_t i = 0; i < plan.size(); ++i) {
    const auto made = source.make(plan.batch(i), 0);
    const auto& batch = static_cast<const MaskedBatch&>(*made);
    ForwardContext pass{.precision = context.precision};
    const MaskedLosses losses = masked_losses(model, batch, 1, pass);
    score.loss += losses.masked.sums.plain_loss;
    score.guessed += losses.masked.sums.correct;
    score.masked += losses.masked.sums.count;
    if (losses.pairs) {
      score.pair_loss += losses.pairs->sums.plain_loss;
      score.pairs_right += losses.pairs->sums.correct;
      score.pairs += losses.pairs->sums.count;
    }
  }
  return score;
}

MaskedLanguageModellingTask::MaskedLanguageModellingTask(
    const MaskedLanguageModellingRecipe& recipe, std::shared_ptr<const LanguageModellingText> data)
    : recipe_(recipe),
      data_(std::move(data)),
      model_(make_encoder(recipe_, data_->tokenizers)),
      training_(source_of(recipe_, *data_, data_->train)) {
  if (data_->validation != nullptr) {
    validation_ = source_of(recipe_, *data_, data_->validation);
  }
}

Loss MaskedLanguageModellingTask::loss(const Batch& batch, double scale,
                                       ForwardContext& context) const {
  const MaskedLosses losses =
      masked_losses(*model_, static_cast<const MaskedBatch&>(batch), scale, context);
  Loss loss{losses.masked.loss, losses.masked.sums.loss, losses.masked.sums.plain_loss};
  if (losses.pairs) {
    loss.value = ops::add(loss.value, losses.pairs->loss);
  }
  return loss;
}

std::vector<TaskMeasure> MaskedLanguageModellingTask::measures() const {
  return masked_language_modelling_measures(recipe_.data.pairs != "none");
}

Evaluation MaskedLanguageModellingTask::validate(bool thorough, ForwardContext context) const {
  const MaskedScore score = masked_score(*model_, *validation_, recipe_.batches, context);
  Evaluation evaluation{.loss = score.mean_loss()};
  evaluation.measures = {{"masked_accuracy", score.masked_accuracy()}};
  if (score.pairs > 0) {
    evaluation.measures.emplace_back("next_sentence_accuracy", score.next_sentence_accuracy());
  }
  if (thorough) {
    const Tokenizer& tokenizer = *data_->tokenizers.target;
    for (const MaskedSample& sample : masked_samples(*model_, tokenizer, *validation_, context)) {
      evaluation.samples.push_back(
          {.input = sample.shown, .expected = sample.hidden, .given = sample.guessed});
    }
  }
  return evaluation;
}

void MaskedLanguageModellingTask::add_to_report(RunReport& report) const {
  report.sample_wording = {
      .title = "What the model guesses", .input = "Text with hidden tokens", .given = "Guessed"};
}

ModelFiles MaskedLanguageModellingTask::files() const {
  return training_files(*model_, data_->tokenizers, encoder_symbols_for(*data_->tokenizers.target),
                        {});
}

TaskKind masked_language_modelling_task() {
  using Recipe = MaskedLanguageModellingRecipe;
  TaskKind kind;
  kind.name = "masked_language_modelling";
  kind.summary = "an encoder that guesses hidden tokens from both sides (BERT)";
  kind.keys = recipe_keys<Recipe>;
  kind.resolve = [](const Json& document, const std::string& source) {
    const auto recipe =
        config_from_json<Recipe>(document, source, masked_recipe_defaults(document, source));
    check_masked_language_modelling_recipe(recipe, source);
    return config_to_json(recipe);
  };
  kind.check_data = [](const Json& recipe) {
    corpus_of(text_recipe_of(typed_recipe<Recipe>(recipe)));
  };
  kind.data_identity = [](const Json& recipe) {
    return language_modelling_data_identity(text_recipe_of(typed_recipe<Recipe>(recipe)));
  };
  kind.prepare = [](const Json& recipe, const TaskPlace& place) -> std::shared_ptr<const TaskData> {
    return prepare_language_modelling_text(text_recipe_of(typed_recipe<Recipe>(recipe)), place);
  };
  kind.make = [](const Json& recipe,
                 std::shared_ptr<const TaskData> data) -> std::unique_ptr<Task> {
    return std::make_unique<MaskedLanguageModellingTask>(
        typed_recipe<Recipe>(recipe), std::static_pointer_cast<const LanguageModellingText>(data));
  };
  kind.try_out = [](const Json&, const TaskData&, Task&) {};
  kind.test = [](const Json& recipe, const fs::path& model, const fs::path& run) {
    return test_masked_language_modelling(typed_recipe<Recipe>(recipe), model, run);
  };
  kind.check_multiples = [](const Json&, const std::vector<double>& multiples) {
    check_usage(multiples.empty(),
                "lengths: an encoder that guesses hidden tokens is tested at its own length");
  };
  kind.plan_tests = [](const Json& recipe, const std::vector<double>&, const TaskData& data,
                       const fs::path& directory) {
    return plan_masked_language_modelling_tests(
        typed_recipe<Recipe>(recipe), static_cast<const LanguageModellingText&>(data), directory);
  };
  return kind;
}

}  // namespace heed
