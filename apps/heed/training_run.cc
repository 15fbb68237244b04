#include "apps/heed/training_run.h"

#include <unistd.h>

#include <optional>

#include "apps/heed/common.h"
#include "apps/heed/run_directory.h"
#include "heed/base/files.h"
#include "heed/base/number_text.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/interop/language_model_directory.h"
#include "heed/interop/translator_directory.h"
#include "heed/kernels/kernel.h"

namespace heed::app {

namespace {

namespace fs = std::filesystem;

// A run directory without a checkpoint is a place for any run: what was learned there before may
// come from another recipe or other data.
void prepare_directory(const fs::path& directory, bool resume) {
  const bool holds_run = !list_checkpoints(directory).empty();
  check_usage(resume || !holds_run,
              "{}: holds a run already; continue it with --resume or choose another --run",
              directory.string());
  remove_unfinished_files(directory);
  if (!holds_run) {
    fs::remove_all(directory / "tokenizer");
  }
}

// What is wrong with the files of a recipe shows at once, before anything is written.
void check_corpora(const Recipe& recipe) {
  if (learns_text(recipe)) {
    text_of(recipe);
  } else if (recipe.data.task.kind.empty()) {
    const CorpusPlaces places = corpora_of(recipe, {});
    const ParallelCorpus train(places.train);
    if (has_files(places.validation)) {
      ParallelCorpus(places.validation).for_each([](const SentencePair&) {});
    }
  }
}

// The model of init_from must be the one that the recipe describes.
void check_same_model(const Recipe& recipe, const TranslatorConfig& model,
                      const TranslatorConfig& initial) {
  const Json wanted = config_to_json(model), there = config_to_json(initial);
  for (const char* key :
       {"d_model", "encoder_layers", "decoder_layers", "heads", "feed_forward_size", "activation",
        "feed_forward_bias", "sublayers", "norm", "norm_kind", "norm_gain", "norm_bias",
        "layer_scale", "scale_embeddings", "embedding_norm", "tie_embeddings", "position",
        "attention", "pruned_heads"}) {
    check_usage(wanted.at(key) == there.at(key),
                "init_from {}: its model.{} is {}, the recipe says {}", recipe.init_from, key,
                there.at(key).dump(), wanted.at(key).dump());
  }
}

void copy_weights(Module& from, Module& to) {
  const auto source = stored_tensors_of(from), target = stored_tensors_of(to);
  for (std::size_t i = 0; i < target.size(); ++i) {
    target[i].tensor.copy_from(source[i].tensor);
  }
}

TrainedModel load_trained(const Recipe& recipe, const fs::path& directory) {
  if (learns_text(recipe)) {
    LoadedLanguageModel loaded = load_language_model(directory);
    return {std::move(loaded.model), loaded.tokenizers, symbols_for(loaded.tokenizers)};
  }
  LoadedTranslator loaded = load_translator(directory);
  return {std::move(loaded.model), std::move(loaded.tokenizers), std::move(loaded.symbols)};
}

std::unique_ptr<Validator> make_validator(const Recipe& recipe, const TrainingData& data,
                                          const TextSymbols& symbols) {
  const MatmulPrecision precision = parse_precision(recipe.precision);
  if (data.validation == nullptr) {
    return nullptr;
  }
  if (!data.validation_text) {
    return std::make_unique<Validator>(data.validation, data.tokenizers, symbols, recipe.batches,
                                       precision);
  }
  DecodingConfig decoding = recipe.decoding;
  decoding.beam = recipe.training.validation_beam;
  decoding.n_best = 1;
  decoding.sample = false;
  return std::make_unique<Validator>(data.validation, *data.validation_text, data.tokenizers,
                                     symbols, recipe.batches, decoding, precision);
}

}  // namespace

RecipeModel make_model(const Recipe& recipe, const TokenizerPair& tokenizers) {
  const std::string& init_from = recipe.init_from;
  const auto seed = static_cast<std::uint64_t>(recipe.seed);
  if (learns_text(recipe)) {
    auto model = std::make_unique<LanguageModel>(recipe.model, tokenizers.target->size(),
                                                 cpu_device, StartingWeights::unset);
    if (init_from.empty()) {
      initialize_parameters(*model, seed);
    } else {
      const LoadedLanguageModel loaded = load_language_model(init_from);
      check_same_model(recipe, model->config(), loaded.model->config());
      copy_weights(*loaded.model, *model);
    }
    auto files = language_model_files(*model, tokenizers);
    return {std::move(model), symbols_for(tokenizers), std::move(files)};
  }
  std::unique_ptr<Translator> model;
  if (init_from.empty()) {
    model = std::make_unique<Translator>(recipe.model, vocabulary_of(tokenizers), cpu_device,
                                         StartingWeights::unset);
    initialize_parameters(*model, seed);
  } else {
    const LoadedTranslator loaded = load_translator(init_from);
    check_same_model(recipe, recipe.model, loaded.model->config());
    model = std::make_unique<Translator>(recipe.model, loaded.model->vocabulary(), cpu_device,
                                         StartingWeights::unset);
    copy_weights(*loaded.model, *model);
  }
  auto files = translator_files(model->config(), model->vocabulary(), tokenizers, recipe.decoding);
  const TextSymbols& symbols = model->vocabulary().symbols;
  return {std::move(model), symbols, std::move(files)};
}

TrainingRun run_training(const Recipe& recipe, const fs::path& directory, bool resume,
                         const TrainingData* shared) {
  const int threads = recipe.threads > 0 ? recipe.threads : usable_processor_count();
  set_thread_count(threads);
  if (shared == nullptr) {
    check_corpora(recipe);
  }
  make_directory(directory);
  const DirectoryLock lock(directory);
  prepare_directory(directory, resume);
  Progress progress(is_terminal(STDERR_FILENO), use_colour(STDERR_FILENO));

  std::optional<TrainingData> own;
  if (shared == nullptr) {
    own = prepare_training_data(recipe, directory, progress);
  } else {
    save_tokenizers_once(shared->tokenizers, directory / "tokenizer");
  }
  const TrainingData& data = shared == nullptr ? *own : *shared;
  const TokenizerPair& tokenizers = data.tokenizers;
  RunIdentity identity{.recipe = config_to_json(recipe), .defaults = config_to_json(Recipe())};
  identity.recipe["data_content"] = data.content;

  const RecipeModel made = make_model(recipe, tokenizers);
  const std::unique_ptr<Validator> validator = make_validator(recipe, data, made.symbols);
  require_gradients(*made.model);
  progress.line(fmt::format("model: {} parameters, vocabulary {}; {} on {} thread{}",
                            count_text(count_parameters(*made.model)), tokenizers.target->size(),
                            recipe.precision, threads, threads == 1 ? "" : "s"));
  std::shared_ptr<const BatchSampler> sampler;
  if (recipe.batches.subword_dropout > 0) {
    sampler = std::make_shared<const BatchSampler>(tokenizers, recipe.batches.subword_dropout,
                                                   effective_length(recipe).longest,
                                                   static_cast<std::uint64_t>(recipe.seed));
  }
  TrainingSetup setup{.model = made.model.get(),
                      .corpus = data.train,
                      .validator = validator.get(),
                      .symbols = made.symbols,
                      .sampler = sampler,
                      .training = recipe.training,
                      .optimizer = recipe.optimizer,
                      .schedule = recipe.schedule,
                      .batches = recipe.batches,
                      .precision = parse_precision(recipe.precision),
                      .seed = static_cast<std::uint64_t>(recipe.seed),
                      .directory = directory,
                      .resume = resume,
                      .identity = identity,
                      .model_files = made.files,
                      .title = recipe.title,
                      .progress = &progress};
  Trainer trainer(setup);
  write_file_atomically(directory / "recipe.yaml", write_yaml(config_to_json(recipe)));
  TrainingRun run;
  run.outcome = trainer.run();
  if (run.outcome.interrupted != 0) {
    progress.line(fmt::format("interrupted at step {}; continue with --resume", run.outcome.steps));
    return run;
  }
  progress.line(fmt::format("{} after {}; peak memory {} MB", run.outcome.reason,
                            duration_text(run.outcome.seconds),
                            memory_statistics().peak_bytes >> 20));
  if (run.outcome.skipped > 0) {
    progress.line(fmt::format("warning: {} of {} updates skipped: loss or gradient was not finite",
                              count_text(run.outcome.skipped), count_text(run.outcome.steps)));
  }
  run.best = load_trained(recipe, run.outcome.best);
  return run;
}

}  // namespace heed::app
