#include "heed/interop/model_kind.h"

#include <algorithm>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/weight_bounds.h"
#include "heed/models/headed_encoder.h"
#include "heed/models/language_model.h"
#include "heed/models/text_encoder.h"
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

ModelKind text_encoder_kind() {
  return {.name = "encoder",
          .task = "masked_language_modelling",
          .noun = "an encoder",
          .writes = false,
          .build = [](const ModelDescription& model, Device device) -> std::unique_ptr<Module> {
            return std::make_unique<TextEncoder>(config_of<TextEncoderConfig>(model),
                                                 model.vocabulary.target_size, device,
                                                 StartingWeights::unset);
          },
          .describe = [](const Module& module) -> std::optional<ModelDescription> {
            const auto* encoder = dynamic_cast<const TextEncoder*>(&module);
            if (encoder == nullptr) {
              return std::nullopt;
            }
            const std::int64_t size = encoder->vocabulary_size();
            return ModelDescription{"encoder", config_to_json(encoder->config()), {size, size, {}}};
          },
          .least_numbers =
              [](const ModelDescription& model) {
                return least_text_encoder_numbers(config_of<TextEncoderConfig>(model),
                                                  model.vocabulary.target_size);
              }};
}

// The kinds of encoders with a head, and the head of each.
struct HeadedKind {
  const char *name, *task, *noun, *head;
};
constexpr HeadedKind headed_kinds[] = {
    {"text_classifier", "text_classification", "a classifier of texts", "sequence"},
    {"token_classifier", "token_classification", "a tagger", "token"},
    {"question_answerer", "question_answering", "a model that answers questions", "question"},
    {"choice_model", "multiple_choice", "a model that chooses", "choice"}};

ModelKind headed_kind(const HeadedKind& headed) {
  return {.name = headed.name,
          .task = headed.task,
          .noun = headed.noun,
          .writes = false,
          .build = [](const ModelDescription& model, Device device) -> std::unique_ptr<Module> {
            return std::make_unique<HeadedEncoder>(config_of<HeadedEncoderConfig>(model),
                                                   model.vocabulary.target_size, device,
                                                   StartingWeights::unset);
          },
          // The first of these kinds tells for all of them.
          .describe = [](const Module& module) -> std::optional<ModelDescription> {
            const auto* model = dynamic_cast<const HeadedEncoder*>(&module);
            if (model == nullptr) {
              return std::nullopt;
            }
            const std::int64_t size = model->vocabulary_size();
            const auto* kind = std::find_if(
                std::begin(headed_kinds), std::end(headed_kinds),
                [&](const HeadedKind& known) { return known.head == model->config().head.kind; });
            return ModelDescription{kind->name, config_to_json(model->config()), {size, size, {}}};
          },
          .least_numbers =
              [](const ModelDescription& model) {
                return least_text_encoder_numbers(config_of<HeadedEncoderConfig>(model),
                                                  model.vocabulary.target_size);
              }};
}

}  // namespace

ModelVocabulary vocabulary_for(const TokenizerPair& tokenizers) {
  return {tokenizers.source->size(), tokenizers.target->size(), symbols_for(tokenizers)};
}

const std::vector<ModelKind>& model_kinds() {
  static const std::vector<ModelKind> kinds = [] {
    std::vector<ModelKind> all = {translator_kind(), language_model_kind(), text_encoder_kind()};
    for (const HeadedKind& headed : headed_kinds) {
      all.push_back(headed_kind(headed));
    }
    return all;
  }();
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
