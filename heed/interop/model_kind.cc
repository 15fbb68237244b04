#include "heed/interop/model_kind.h"

#include <algorithm>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/weight_bounds.h"
#include "heed/models/language_model.h"
#include "heed/models/translator.h"

namespace heed {

namespace {

template <typename Config>
Config config_of(const ModelDescription& model) {
  return config_from_json<Config>(model.section, "model");
}

ModelKind translator_kind() {
  return {.name = "translator",
          .task = "translation",
          .noun = "a translator",
          .has_encoder = true,
          .build = [](const ModelDescription& model, Device device) -> std::unique_ptr<Module> {
            const ModelVocabulary& vocabulary = model.vocabulary;
            return std::make_unique<Translator>(
                config_of<TranslatorConfig>(model),
                TranslatorVocabulary{vocabulary.source_size, vocabulary.target_size,
                                     vocabulary.symbols},
                device, StartingWeights::unset);
          },
          .describe = [](const Module& module) -> std::optional<ModelDescription> {
            const auto* translator = dynamic_cast<const Translator*>(&module);
            if (translator == nullptr) {
              return std::nullopt;
            }
            const TranslatorVocabulary& vocabulary = translator->vocabulary();
            return ModelDescription{
                "translator",
                config_to_json(translator->config()),
                {vocabulary.source_size, vocabulary.target_size, vocabulary.symbols}};
          },
          .least_numbers =
              [](const ModelDescription& model) {
                return least_translator_numbers(
                    config_of<TranslatorConfig>(model),
                    std::max(model.vocabulary.source_size, model.vocabulary.target_size));
              }};
}

ModelKind language_model_kind() {
  return {.name = "language_model",
          .task = "language_modelling",
          .noun = "a language model",
          .has_encoder = false,
          .build = [](const ModelDescription& model, Device device) -> std::unique_ptr<Module> {
            return std::make_unique<LanguageModel>(config_of<LanguageModelConfig>(model),
                                                   model.vocabulary.target_size, device,
                                                   StartingWeights::unset);
          },
          .describe = [](const Module& module) -> std::optional<ModelDescription> {
            const auto* language_model = dynamic_cast<const LanguageModel*>(&module);
            if (language_model == nullptr) {
              return std::nullopt;
            }
            const std::int64_t size = language_model->vocabulary_size();
            return ModelDescription{
                "language_model", config_to_json(language_model->config()), {size, size, {}}};
          },
          .least_numbers =
              [](const ModelDescription& model) {
                return least_language_model_numbers(config_of<LanguageModelConfig>(model),
                                                    model.vocabulary.target_size);
              }};
}

}  // namespace

ModelVocabulary vocabulary_for(const TokenizerPair& tokenizers) {
  return {tokenizers.source->size(), tokenizers.target->size(), symbols_for(tokenizers)};
}

const std::vector<ModelKind>& model_kinds() {
  static const std::vector<ModelKind> kinds = {translator_kind(), language_model_kind()};
  return kinds;
}

const ModelKind& model_kind(const std::string& name) {
  for (const ModelKind& kind : model_kinds()) {
    if (kind.name == name) {
      return kind;
    }
  }
  fail(ErrorKind::failure, "no kind of model is called '{}'", name);
}

ModelDescription description_of(const Module& module) {
  for (const ModelKind& kind : model_kinds()) {
    if (auto description = kind.describe(module)) {
      return std::move(*description);
    }
  }
  fail(ErrorKind::failure, "a module of no kind that model directories know");
}

}  // namespace heed
