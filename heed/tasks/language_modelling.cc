#include "heed/tasks/language_modelling.h"

#include <algorithm>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/load_model.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/model_source.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/models/language_model_presets.h"
#include "heed/tasks/initial_weights.h"
#include "heed/tasks/language_modelling_tests.h"
#include "heed/tasks/pair_source.h"
#include "heed/tasks/text_writer.h"
#include "heed/tasks/typed_recipe.h"
#include "heed/tasks/window_scores.h"
#include "heed/tasks/window_source.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// The model as it begins, and the symbols that it begins and ends texts with.
std::unique_ptr<LanguageModel> make_model(const LanguageModellingRecipe& recipe,
                                          const TokenizerPair& tokenizers, TextSymbols& symbols) {
  const auto make = [&](std::int64_t vocabulary) {
    return std::make_unique<LanguageModel>(recipe.model, vocabulary, cpu_device,
                                           StartingWeights::unset);
  };
  if (recipe.init_from.empty()) {
    symbols = text_symbols_for(*tokenizers.target);
    auto model = make(tokenizers.target->size());
    initialize_parameters(*model, static_cast<std::uint64_t>(recipe.seed));
    return model;
  }
  const LoadedModel loaded = load_initial_model(recipe.init_from, "language_modelling");
  check_same_model(recipe.init_from, config_to_json(LanguageModelConfig(recipe.model)),
                   description_of(*loaded.module).section);
  symbols = loaded.symbols;
  auto model = make(loaded.generator().vocabulary_size());
  copy_weights(*loaded.module, *model);
  return model;
}

}  // namespace

LanguageModellingTask::LanguageModellingTask(const LanguageModellingRecipe& recipe,
                                             std::shared_ptr<const LanguageModellingText> data)
    : recipe_(recipe),
      data_(std::move(data)),
      model_(make_model(recipe_, data_->tokenizers, symbols_)) {
  WindowConfig windows = held_out_windows(recipe_);
  if (data_->validation != nullptr) {
    validation_ = std::make_shared<const TextWindows>(data_->validation, windows);
  }
  windows.stride = windows.window;
  training_ = std::make_shared<const WindowSource>(
      std::make_shared<const TextWindows>(data_->train, windows));
  prompts_ = prompts();
  if (!recipe_.init_from.empty()) {
    chat_template_ = open_model_source(recipe_.init_from).facts().chat_template;
  }
}

Loss LanguageModellingTask::loss(const Batch& batch, double scale, ForwardContext& context) const {
  return pair_loss(*model_, batch, recipe_.training.label_smoothing, scale, context);
}

std::vector<TaskMeasure> LanguageModellingTask::measures() const {
  return language_modelling_measures();
}

Evaluation LanguageModellingTask::validate(bool thorough, ForwardContext context) const {
  const TextScore score = score_of_text(
      window_statistics(*model_, validation_, *data_->tokenizers.target, recipe_.batches, context),
      *data_->validation, *data_->tokenizers.target);
  Evaluation evaluation{.loss = score.loss};
  evaluation.measures = {{BitsPerCharacter().style().key, score.bits_per_character}};
  if (thorough && !prompts_.empty()) {
    add_samples(context, evaluation);
  }
  return evaluation;
}

std::vector<std::string> LanguageModellingTask::prompts() const {
  if (validation_ == nullptr || recipe_.data.sample_tokens == 0) {
    return {};
  }
  const Tokenizer& tokenizer = *data_->tokenizers.target;
  for (const std::string& prompt : recipe_.data.sample_prompts) {
    const auto tokens = static_cast<std::int64_t>(tokenizer.encode(prompt).size());
    check_usage(tokens > 0, "data.sample_prompts: '{}' has no tokens", prompt);
    check_usage(tokens < model_->longest(),
                "data.sample_prompts: '{}' has {} tokens, the model takes {} with what it writes",
                prompt, tokens, model_->longest());
  }
  if (!recipe_.data.sample_prompts.empty()) {
    return recipe_.data.sample_prompts;
  }
  const TokenText& text = *data_->validation;
  const std::int64_t most = std::min({std::int64_t{16}, text.size(), model_->longest() - 1});
  // Up to the end of the first document that has text.
  std::vector<std::int32_t> ids;
  for (std::int64_t i = 0; i < most && (text[i] != tokenizer.end_id() || ids.empty()); ++i) {
    if (text[i] != tokenizer.end_id()) {
      ids.push_back(text[i]);
    }
  }
  const std::string prompt = tokenizer.decode(ids);
  return tokenizer.encode(prompt).empty() ? std::vector<std::string>() : std::vector{prompt};
}

void LanguageModellingTask::add_samples(const ForwardContext& context,
                                        Evaluation& evaluation) const {
  TextWriter writer({*model_, data_->tokenizers, symbols_},
                    {.max_tokens = recipe_.data.sample_tokens,
                     .temperature = recipe_.data.sample_temperature,
                     .seed = recipe_.seed},
                    {.precision = context.precision});
  const auto written = writer.write(prompts_);
  for (std::size_t i = 0; i < prompts_.size(); ++i) {
    const std::string& text = written[i].front().text;
    evaluation.samples.push_back({.input = prompts_[i], .given = text});
    evaluation.text += (i > 0 ? "\n---\n" : "") + prompts_[i] + text;
  }
  evaluation.text += "\n";
}

void LanguageModellingTask::add_to_report(RunReport& report) const {
  report.sample_wording = {.title = "What the model writes", .input = "Prompt", .given = "Goes on"};
}

ModelFiles LanguageModellingTask::files() const {
  ModelFiles files = training_files(*model_, data_->tokenizers, symbols_, {});
  if (!chat_template_.empty()) {
    files[chat_template_name] = chat_template_;
  }
  return files;
}

namespace {

// What the keys of `document` add to: the recipe's defaults, those of its model.preset if it names
// one, else the model that it starts from.
LanguageModellingRecipe defaults_of(const Json& document, const std::string& source) {
  LanguageModellingRecipe defaults;
  if (const auto init_from = model_to_start_from<LanguageModellingRecipe>(document);
      !init_from.empty()) {
    static_cast<LanguageModelConfig&>(defaults.model) = config_from_json<LanguageModelConfig>(
        initial_section(init_from, "language_modelling"), init_from + ": model");
  }
  const auto model = document.find("model");
  if (model == document.end() || !model->is_object()) {
    return defaults;
  }
  const auto preset = model->find("preset");
  if (preset != model->end() && preset->is_string() &&
      !preset->get_ref<const std::string&>().empty()) {
    try {
      static_cast<LanguageModelConfig&>(defaults.model) =
          language_model_preset(preset->get<std::string>()).config;
    } catch (const Error& error) {
      fail(ErrorKind::usage, "{}: {}", source, error.what());
    }
  }
  return defaults;
}

}  // namespace

TaskKind language_modelling_task() {
  TaskKind kind;
  kind.name = "language_modelling";
  kind.summary = "a decoder that predicts running text, each token from those before it";
  kind.keys = recipe_keys<LanguageModellingRecipe>;
  kind.resolve = [](const Json& document, const std::string& source) {
    const auto recipe =
        config_from_json<LanguageModellingRecipe>(document, source, defaults_of(document, source));
    check_language_modelling_recipe(recipe, source);
    return config_to_json(recipe);
  };
  kind.check_data = [](const Json& recipe) {
    corpus_of(typed_recipe<LanguageModellingRecipe>(recipe));
  };
  kind.data_identity = [](const Json& recipe) {
    return language_modelling_data_identity(typed_recipe<LanguageModellingRecipe>(recipe));
  };
  kind.prepare = [](const Json& recipe, const TaskPlace& place) -> std::shared_ptr<const TaskData> {
    return prepare_language_modelling_text(typed_recipe<LanguageModellingRecipe>(recipe), place);
  };
  kind.make = [](const Json& recipe,
                 std::shared_ptr<const TaskData> data) -> std::unique_ptr<Task> {
    return std::make_unique<LanguageModellingTask>(
        typed_recipe<LanguageModellingRecipe>(recipe),
        std::static_pointer_cast<const LanguageModellingText>(data));
  };
  kind.try_out = [](const Json&, const TaskData&, Task&) {};
  kind.test = [](const Json& recipe, const fs::path& model, const fs::path& run) {
    return test_language_modelling(typed_recipe<LanguageModellingRecipe>(recipe), model, run);
  };
  kind.check_multiples = [](const Json& recipe, const std::vector<double>& multiples) {
    check_language_modelling_multiples(typed_recipe<LanguageModellingRecipe>(recipe), multiples);
  };
  kind.plan_tests = [](const Json& recipe, const std::vector<double>& multiples,
                       const TaskData& data, const fs::path& directory) {
    return plan_language_modelling_tests(typed_recipe<LanguageModellingRecipe>(recipe), multiples,
                                         static_cast<const LanguageModellingText&>(data),
                                         directory);
  };
  return kind;
}

}  // namespace heed
