#include "apps/heed/training_run.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "apps/heed/common.h"
#include "heed/base/files.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/kernels/kernel.h"

namespace heed::app {

namespace {

namespace fs = std::filesystem;

// Keeps a second process out of a run directory. The lock goes with the process, however it ends.
class DirectoryLock {
 public:
  explicit DirectoryLock(const fs::path& directory) {
    const fs::path path = directory / ".lock";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    check_io(descriptor_ >= 0, "{}: cannot open: {}", path.string(), std::strerror(errno));
    check_usage(::flock(descriptor_, LOCK_EX | LOCK_NB) == 0,
                "{}: another process is training in this directory", directory.string());
  }
  ~DirectoryLock() { ::close(descriptor_); }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_ = -1;
};

void make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  check_io(!error, "{}: cannot create: {}", path.string(), error.message());
}

// Removes what a process left that was killed while it wrote. Only for the holder of the lock.
void remove_unfinished_files(const fs::path& directory) {
  std::vector<fs::path> unfinished = {directory / "tokenizer.tmp"};
  for (const char* part : {"", "validation", "average", "cache"}) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(directory / part, missing)) {
      const std::string name = entry.path().filename().string();
      if ((name.starts_with(".") && name.ends_with(".tmp")) ||
          name.find(".tokens.tmp") < name.size()) {
        unfinished.push_back(entry.path());
      }
    }
  }
  for (const fs::path& path : unfinished) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
}

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

// Trains the tokenizers into `directory`, or loads what is there: they are renamed into place as a
// whole, so what is there is complete.
TokenizerPair prepare_tokenizers(const Recipe& recipe, const ParallelCorpus& corpus,
                                 const fs::path& directory, Progress& progress) {
  if (fs::exists(directory)) {
    return load_tokenizers(directory);
  }
  TokenizerPair tokenizers;
  if (!recipe.init_from.empty()) {
    tokenizers = load_tokenizers(model_directory_of(recipe.init_from));
  } else {
    progress.line(fmt::format("learning a {} tokenizer …", recipe.tokenizer.kind));
    tokenizers = train_tokenizers(recipe.tokenizer, static_cast<std::uint64_t>(recipe.seed),
                                  corpus.stream());
  }
  fs::path temporary = directory;
  temporary += ".tmp";
  fs::remove_all(temporary);
  std::error_code error;
  try {
    make_directory(temporary);
    save_tokenizers(tokenizers, temporary);
    fs::rename(temporary, directory, error);
    check_io(!error, "{}: cannot create: {}", directory.string(), error.message());
  } catch (...) {
    fs::remove_all(temporary, error);
    throw;
  }
  return tokenizers;
}

std::string fingerprint_text(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

void describe_corpus(const char* name, const TokenStore& store, Progress& progress) {
  const PairCounts& counts = store.counts();
  std::string text =
      fmt::format("{}: {} pairs, {} source and {} target tokens", name, count_text(counts.kept),
                  count_text(store.source_token_count()), count_text(store.target_token_count()));
  if (counts.skipped > 0) {
    text += fmt::format("; {} too long, left out", count_text(counts.skipped));
  }
  if (counts.cut > 0) {
    text += fmt::format("; {} too long, cut", count_text(counts.cut));
  }
  if (counts.empty > 0) {
    text += fmt::format("; {} with an empty side, left out", count_text(counts.empty));
  }
  progress.line(text);
}

std::unique_ptr<Translator> make_model(const Recipe& recipe, const TokenizerPair& tokenizers) {
  if (!recipe.init_from.empty()) {
    LoadedTranslator loaded = load_translator(recipe.init_from);
    const Json wanted = config_to_json(recipe.model),
               there = config_to_json(loaded.model->config());
    for (const char* key :
         {"d_model", "encoder_layers", "decoder_layers", "heads", "feed_forward_size", "activation",
          "norm", "scale_embeddings", "tie_embeddings", "position", "attention"}) {
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

}  // namespace

TrainingRun run_training(const Recipe& recipe, const fs::path& directory, bool resume) {
  const int threads = recipe.threads > 0 ? recipe.threads : usable_processor_count();
  set_thread_count(threads);
  const ParallelCorpus train(located(recipe.data.train, recipe.data.directory));
  std::unique_ptr<ParallelCorpus> validation;
  if (has_files(recipe.data.validation)) {
    validation =
        std::make_unique<ParallelCorpus>(located(recipe.data.validation, recipe.data.directory));
    validation->for_each([](const SentencePair&) {});  // a mistake there shows at once
  }
  make_directory(directory);
  const DirectoryLock lock(directory);
  prepare_directory(directory, resume);
  Progress progress(is_terminal(STDERR_FILENO), use_colour(STDERR_FILENO));

  Json identity = config_to_json(recipe);
  identity["data_content"]["train"] = fingerprint_text(train.fingerprint());
  if (validation) {
    identity["data_content"]["validation"] = fingerprint_text(validation->fingerprint());
  }

  const TokenizerPair tokenizers =
      prepare_tokenizers(recipe, train, directory / "tokenizer", progress);
  make_directory(directory / "cache");
  LengthConfig length = recipe.data.length;
  length.longest = std::min(length.longest, recipe.model.max_length);
  ThreadPool& pool = *context_for(cpu_device).pool;
  const auto corpus =
      open_encoded_corpus(directory / "cache" / "train.tokens", train, tokenizers, length, pool);
  describe_corpus("training", *corpus.store, progress);

  const MatmulPrecision precision = parse_precision(recipe.precision);
  std::unique_ptr<Validator> validator;
  if (validation) {
    length.too_long = "cut";  // no sentence of a held-out set is left out
    const auto encoded = open_encoded_corpus(directory / "cache" / "validation.tokens", *validation,
                                             tokenizers, length, pool);
    describe_corpus("validation", *encoded.store, progress);
    DecodingConfig decoding = recipe.decoding;
    decoding.beam = recipe.training.validation_beam;
    decoding.n_best = 1;
    decoding.sample = false;
    validator = std::make_unique<Validator>(encoded.store, *validation, tokenizers, recipe.batches,
                                            decoding, precision);
  }

  const std::unique_ptr<Translator> model = make_model(recipe, tokenizers);
  require_gradients(*model);
  progress.line(fmt::format("model: {} parameters, vocabulary {}; {} on {} thread{}",
                            count_text(count_parameters(*model)), tokenizers.target->size(),
                            recipe.precision, threads, threads == 1 ? "" : "s"));
  std::shared_ptr<const BatchSampler> sampler;
  if (recipe.batches.subword_dropout > 0) {
    sampler = std::make_shared<const BatchSampler>(tokenizers, recipe.batches.subword_dropout,
                                                   length.longest,
                                                   static_cast<std::uint64_t>(recipe.seed));
  }
  TrainingSetup setup{.model = model.get(),
                      .corpus = corpus.store,
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
