#include "heed/tasks/translation.h"

#include "heed/autograd/gradient.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/data/held_lines.h"
#include "heed/interop/load_model.h"
#include "heed/interop/model_kind.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/chrf.h"
#include "heed/tasks/initial_weights.h"
#include "heed/tasks/line_translator.h"
#include "heed/tasks/pair_attention.h"
#include "heed/tasks/pair_source.h"
#include "heed/tasks/translation_tests.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {

namespace {

constexpr std::size_t reported_attentions = 3;  // sentences whose maps are on the page

std::shared_ptr<const PairSampler> sampler_of(const TranslationRecipe& recipe,
                                              const TokenizerPair& tokenizers) {
  if (recipe.data.subword_dropout == 0) {
    return nullptr;
  }
  return std::make_shared<const PairSampler>(tokenizers, recipe.data.subword_dropout,
                                             effective_length(recipe).longest,
                                             static_cast<std::uint64_t>(recipe.seed));
}

std::unique_ptr<Translator> make_translator(const TranslationRecipe& recipe,
                                            const TokenizerPair& tokenizers) {
  const auto make = [&](const ModelVocabulary& vocabulary) {
    return std::make_unique<Translator>(
        recipe.model,
        TranslatorVocabulary{vocabulary.source_size, vocabulary.target_size, vocabulary.symbols},
        cpu_device, StartingWeights::unset);
  };
  if (recipe.init_from.empty()) {
    auto model = make(vocabulary_for(tokenizers));
    initialize_parameters(*model, static_cast<std::uint64_t>(recipe.seed));
    return model;
  }
  const LoadedModel loaded = load_initial_model(recipe.init_from, "translation");
  check_same_model(recipe.init_from, config_to_json(recipe.model),
                   description_of(*loaded.module).section);
  auto model = make(description_of(*loaded.module).vocabulary);
  copy_weights(*loaded.module, *model);
  return model;
}

std::vector<Sample> samples_of(std::span<const std::string> sources,
                               std::span<const std::string> references,
                               std::span<const std::string> translations, std::size_t count) {
  const Chrf chrf;
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < std::min(count, translations.size()); ++i) {
    const std::vector<std::string> hypothesis = {translations[i]};
    const std::vector<std::vector<std::string>> reference = {{references[i]}};
    samples.push_back({.input = sources[i],
                       .expected = references[i],
                       .given = translations[i],
                       .score = corpus_chrf(hypothesis, reference)});
  }
  return samples;
}

std::string joined_lines(std::span<const std::string> lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

}  // namespace

TranslationTask::TranslationTask(const TranslationRecipe& recipe,
                                 std::shared_ptr<const TranslationCorpora> data)
    : recipe_(recipe),
      data_(std::move(data)),
      model_(make_translator(recipe_, data_->tokenizers)),
      training_(std::make_shared<PairSource>(data_->train, model_->vocabulary().symbols,
                                             sampler_of(recipe_, data_->tokenizers))) {
  if (data_->validation != nullptr) {
    validation_ = std::make_shared<PairSource>(data_->validation, model_->vocabulary().symbols);
    for_each_held(*data_->validation_text, [&](const SentencePair& pair) {
      sources_.emplace_back(pair.source);
      references_.emplace_back(pair.target);
    });
  }
}

Loss TranslationTask::loss(const Batch& batch, double scale, ForwardContext& context) const {
  return pair_loss(*model_, batch, recipe_.training.label_smoothing, scale, context);
}

std::vector<TaskMeasure> TranslationTask::measures() const {
  return translation_measures(recipe_);
}

Evaluation TranslationTask::validate(bool thorough, ForwardContext context) const {
  Evaluation evaluation;
  evaluation.loss = mean_loss(*model_, *validation_, recipe_.batches, context.precision);
  if (!thorough) {
    return evaluation;
  }
  LineTranslator translator({*model_, data_->tokenizers, model_->vocabulary().symbols},
                            validation_decoding(recipe_), context);
  const std::vector<std::string> translations = translator.best_of(sources_);
  const std::vector<std::vector<std::string>> references = {references_};
  const Bleu bleu;
  evaluation.measures = {{bleu.style().key, corpus_bleu(translations, references).score}};
  evaluation.samples = samples_of(sources_, references_, translations,
                                  static_cast<std::size_t>(recipe_.training.report_samples));
  evaluation.text = joined_lines(translations);
  return evaluation;
}

void TranslationTask::add_to_report(RunReport& report) const {
  report.sample_wording = {.title = "Translations",
                           .input = "Source",
                           .expected = "Reference",
                           .given = "Output",
                           .score = "chrF2"};
  if (validates()) {
    report.attention_note =
        "The rows are the tokens of the reference, which the model is given here as in training, "
        "not those of its output above.";
    report.attention = cross_attention_maps(*model_, *data_->validation, *validation_,
                                            data_->tokenizers, sources_, reported_attentions);
  }
}

ModelFiles TranslationTask::files() const {
  return training_files(*model_, data_->tokenizers, model_->vocabulary().symbols, recipe_.decoding);
}

TaskKind translation_task() {
  using Recipe = TranslationRecipe;
  TaskKind kind;
  kind.name = "translation";
  kind.summary = "an encoder-decoder that turns sentences into sentences";
  kind.keys = recipe_keys<Recipe>;
  kind.resolve = [](const Json& document, const std::string& source) {
    Recipe defaults;
    if (const std::string init_from = model_to_start_from<Recipe>(document); !init_from.empty()) {
      defaults.model = config_from_json<TranslatorConfig>(initial_section(init_from, "translation"),
                                                          init_from + ": model");
    }
    const auto recipe = config_from_json<Recipe>(document, source, defaults);
    check_translation_recipe(recipe, source);
    return config_to_json(recipe);
  };
  kind.check_data = [](const Json& recipe) {
    check_translation_data(typed_recipe<Recipe>(recipe));
  };
  kind.data_identity = [](const Json& recipe) {
    return translation_data_identity(typed_recipe<Recipe>(recipe));
  };
  kind.prepare = [](const Json& recipe, const TaskPlace& place) -> std::shared_ptr<const TaskData> {
    return prepare_translation_data(typed_recipe<Recipe>(recipe), place);
  };
  kind.make = [](const Json& recipe,
                 std::shared_ptr<const TaskData> data) -> std::unique_ptr<Task> {
    return std::make_unique<TranslationTask>(
        typed_recipe<Recipe>(recipe), std::static_pointer_cast<const TranslationCorpora>(data));
  };
  kind.try_out = [](const Json& recipe, const TaskData& data, Task& task) {
    try_out_translation(typed_recipe<Recipe>(recipe), static_cast<const TranslationCorpora&>(data),
                        static_cast<const TranslationTask&>(task).translator());
  };
  kind.test = [](const Json& recipe, const std::filesystem::path& model,
                 const std::filesystem::path& run) {
    return test_translation(typed_recipe<Recipe>(recipe), model, run);
  };
  kind.check_multiples = [](const Json& recipe, const std::vector<double>& multiples) {
    check_translation_multiples(typed_recipe<Recipe>(recipe), multiples);
  };
  kind.plan_tests = [](const Json& recipe, const std::vector<double>& multiples,
                       const TaskData& data, const std::filesystem::path& directory) {
    return plan_translation_tests(typed_recipe<Recipe>(recipe), multiples,
                                  static_cast<const TranslationCorpora&>(data), directory);
  };
  return kind;
}

}  // namespace heed
