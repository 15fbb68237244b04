#include "apps/heed/training_run.h"

#include <unistd.h>

#include <optional>

#include "apps/heed/common.h"
#include "apps/heed/run_directory.h"
#include "heed/base/files.h"
#include "heed/formats/checkpoint_directory.h"
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
  if (recipe.data.task.kind.empty()) {
    const CorpusPlaces places = corpora_of(recipe, {});
    const ParallelCorpus train(places.train);
    if (has_files(places.validation)) {
      ParallelCorpus(places.validation).for_each([](const SentencePair&) {});
    }
  }
}

}  // namespace

std::unique_ptr<Translator> make_model(const Recipe& recipe, const TokenizerPair& tokenizers) {
  if (!recipe.init_from.empty()) {
    LoadedTranslator loaded = load_translator(recipe.init_from);
    const Json wanted = config_to_json(recipe.model),
               there = config_to_json(loaded.model->config());
    for (const char* key :
         {"d_model", "encoder_layers", "decoder_layers", "heads", "feed_forward_size", "activation",
          "norm", "scale_embeddings", "tie_embeddings", "position", "attention", "pruned_heads"}) {
      check_usage(wanted.at(key) == there.at(key),
                  "init_from {}: its model.{} is {}, the recipe says {}", recipe.init_from, key,
                  there.at(key).dump(), wanted.at(key).dump());
    }
    auto model = std::make_unique<Translator>(recipe.model, loaded.model->vocabulary());
    const auto from = stored_tensors_of(*loaded.model);
    const auto to = stored_tensors_of(*model);
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i].tensor.copy_from(from[i].tensor);
    }
    return model;
  }
  auto model = std::make_unique<Translator>(recipe.model, vocabulary_of(tokenizers));
  initialize_parameters(*model, static_cast<std::uint64_t>(recipe.seed));
  return model;
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

  const MatmulPrecision precision = parse_precision(recipe.precision);
  std::unique_ptr<Validator> validator;
  if (data.validation) {
    DecodingConfig decoding = recipe.decoding;
    decoding.beam = recipe.training.validation_beam;
    decoding.n_best = 1;
    decoding.sample = false;
    validator = std::make_unique<Validator>(data.validation, *data.validation_text, tokenizers,
                                            recipe.batches, decoding, precision);
  }

  const std::unique_ptr<Translator> model = make_model(recipe, tokenizers);
  require_gradients(*model);
  progress.line(fmt::format("model: {} parameters, vocabulary {}; {} on {} thread{}",
                            count_text(count_parameters(*model)), tokenizers.target->size(),
                            recipe.precision, threads, threads == 1 ? "" : "s"));
  std::shared_ptr<const BatchSampler> sampler;
  if (recipe.batches.subword_dropout > 0) {
    sampler = std::make_shared<const BatchSampler>(tokenizers, recipe.batches.subword_dropout,
                                                   effective_length(recipe).longest,
                                                   static_cast<std::uint64_t>(recipe.seed));
  }
  TrainingSetup setup{.model = model.get(),
                      .corpus = data.train,
                      .validator = validator.get(),
                      .marks = marks_of(tokenizers),
                      .sampler = sampler,
                      .training = recipe.training,
                      .optimizer = recipe.optimizer,
                      .schedule = recipe.schedule,
                      .batches = recipe.batches,
                      .precision = precision,
                      .seed = static_cast<std::uint64_t>(recipe.seed),
                      .directory = directory,
                      .resume = resume,
                      .identity = identity,
                      .model_files = translator_files(model->config(), model->vocabulary(),
                                                      tokenizers, recipe.decoding),
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
  run.best = load_translator(run.outcome.best);
  return run;
}

}  // namespace heed::app
