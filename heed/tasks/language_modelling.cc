#include "heed/tasks/language_modelling.h"

#include <fmt/format.h>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/number_text.h"
#include "heed/interop/load_model.h"
#include "heed/interop/model_kind.h"
#include "heed/tasks/initial_weights.h"
#include "heed/tasks/language_modelling_tests.h"
#include "heed/tasks/pair_source.h"
#include "heed/tasks/task_files.h"
#include "heed/tasks/typed_recipe.h"
#include "heed/text/fingerprint.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

namespace {

namespace fs = std::filesystem;
void check_recipe(const LanguageModellingRecipe& recipe, const std::string& source) {
  check_text_config(recipe.data);
  check_run_settings(recipe, source);
  check_validation_keys(recipe.training, {},
                        !recipe.data.validation.empty() || recipe.data.validation_share > 0);
  check_language_model_config(recipe.model);
  check_usage(recipe.model.attention.topology != "prefix",
              "model.attention.topology prefix: windows of running text have no prefix");
  check_usage(recipe.data.window <= recipe.model.max_length,
              "data.window: {} tokens, but model.max_length is {}", recipe.data.window,
              recipe.model.max_length);
  check_tokenizer_config(recipe.tokenizer);
  check_usage(recipe.tokenizer.kind == "byte",
              "tokenizer.kind {}: reads line by line; running text keeps its line breaks, which "
              "byte does, too",
              recipe.tokenizer.kind);
}

std::shared_ptr<const TaskData> prepare(const LanguageModellingRecipe& recipe,
                                        const TaskPlace& place) {
  const TextParts parts = text_of(recipe);
  auto data = std::make_shared<TextWindows>();
  data->tokenizers = prepare_tokenizers(
      recipe.init_from, recipe.tokenizer.kind,
      [&] {
        return train_tokenizers(recipe.tokenizer, static_cast<std::uint64_t>(recipe.seed),
                                [](const PairVisitor&) {});
      },
      place);
  make_directory(place.directory / "cache");
  const auto open = [&](const std::string& name, const char* title, const std::string& text) {
    const auto store = open_text_windows(place.directory / "cache" / (name + ".tokens"), text,
                                         *data->tokenizers.target, recipe.data.window);
    data->fingerprints[name] = fingerprint_text(fingerprint_of(text));
    place.progress.line(fmt::format("{}: {} windows of up to {} tokens", title,
                                    count_text(store->size()), recipe.data.window));
    return store;
  };
  data->train = open("train", "training", parts.train);
  if (!parts.validation.empty()) {
    data->validation = open("validation", "validation", parts.validation);
  }
  return data;
}

Json data_identity(const LanguageModellingRecipe& recipe) {
  Json identity = {{"tokenizer", config_to_json(recipe.tokenizer)},
                   {"data", config_to_json(recipe.data)},
                   {"init_from", recipe.init_from},
                   {"seed", recipe.seed}};
  const TextParts parts = text_of(recipe);
  for (const std::string* text : {&parts.train, &parts.validation}) {
    identity["content"].push_back(fingerprint_of(*text));
  }
  return identity;
}

std::unique_ptr<LanguageModel> make_model(const LanguageModellingRecipe& recipe,
                                          const TokenizerPair& tokenizers) {
  auto model = std::make_unique<LanguageModel>(recipe.model, tokenizers.target->size(), cpu_device,
                                               StartingWeights::unset);
  if (recipe.init_from.empty()) {
    initialize_parameters(*model, static_cast<std::uint64_t>(recipe.seed));
  } else {
    const LoadedModel loaded = load_initial_model(recipe.init_from, "language_modelling");
    check_same_model(recipe.init_from, config_to_json(model->config()),
                     description_of(*loaded.module).section);
    copy_weights(*loaded.module, *model);
  }
  return model;
}

}  // namespace

void TextWindows::keep_in(const fs::path& run) const {
  save_tokenizers_once(tokenizers, run / "tokenizer");
}

TextParts text_of(const LanguageModellingRecipe& recipe) {
  TextConfig text = recipe.data;
  for (auto* list : {&text.train, &text.validation, &text.test}) {
    for (std::string& file : *list) {
      file = (fs::path(recipe.data.directory) / file).string();
    }
  }
  return read_text_parts(text);
}

LanguageModellingTask::LanguageModellingTask(const LanguageModellingRecipe& recipe,
                                             std::shared_ptr<const TextWindows> data)
    : recipe_(recipe),
      data_(std::move(data)),
      model_(make_model(recipe_, data_->tokenizers)),
      training_(std::make_shared<WindowSource>(data_->train)) {
  if (data_->validation != nullptr) {
    validation_ = std::make_shared<WindowSource>(data_->validation);
  }
}

Loss LanguageModellingTask::loss(const Batch& batch, double scale, ForwardContext& context) const {
  return pair_loss(*model_, batch, recipe_.training.label_smoothing, scale, context);
}

Evaluation LanguageModellingTask::validate(bool, ForwardContext context) const {
  return {.loss = mean_loss(*model_, *validation_, recipe_.batches, context.precision)};
}

ModelFiles LanguageModellingTask::files() const {
  return model_files(*model_, data_->tokenizers, text_symbols_for(*data_->tokenizers.target), {});
}

TaskKind language_modelling_task() {
  TaskKind kind;
  kind.name = "language_modelling";
  kind.summary = "a decoder that predicts running text, each token from those before it";
  kind.keys = recipe_keys<LanguageModellingRecipe>;
  kind.resolve = [](const Json& document, const std::string& source) {
    const auto recipe = config_from_json<LanguageModellingRecipe>(document, source);
    check_recipe(recipe, source);
    return config_to_json(recipe);
  };
  kind.check_data = [](const Json& recipe) {
    text_of(typed_recipe<LanguageModellingRecipe>(recipe));
  };
  kind.data_identity = [](const Json& recipe) {
    return data_identity(typed_recipe<LanguageModellingRecipe>(recipe));
  };
  kind.prepare = [](const Json& recipe, const TaskPlace& place) {
    return prepare(typed_recipe<LanguageModellingRecipe>(recipe), place);
  };
  kind.make = [](const Json& recipe,
                 std::shared_ptr<const TaskData> data) -> std::unique_ptr<Task> {
    return std::make_unique<LanguageModellingTask>(
        typed_recipe<LanguageModellingRecipe>(recipe),
        std::static_pointer_cast<const TextWindows>(data));
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
                                         static_cast<const TextWindows&>(data), directory);
  };
  return kind;
}

}  // namespace heed
