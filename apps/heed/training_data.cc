#include "apps/heed/training_data.h"

#include "apps/heed/run_directory.h"
#include "heed/base/files.h"
#include "heed/base/number_text.h"
#include "heed/interop/model_directory.h"
#include "heed/kernels/kernel.h"
#include "heed/text/fingerprint.h"

namespace heed::app {

namespace {

namespace fs = std::filesystem;

// Trains the tokenizers into `directory`, or loads what is there: they are renamed into place as a
// whole, so what is there is complete.
TokenizerPair prepare_tokenizers(const Recipe& recipe, const PairStream& corpus,
                                 const fs::path& directory, Progress& progress) {
  if (fs::exists(directory)) {
    return load_tokenizers(directory);
  }
  TokenizerPair tokenizers;
  if (!recipe.init_from.empty()) {
    tokenizers = load_tokenizers(model_directory_of(recipe.init_from));
  } else {
    progress.line(fmt::format("learning a {} tokenizer …", recipe.tokenizer.kind));
    tokenizers =
        train_tokenizers(recipe.tokenizer, static_cast<std::uint64_t>(recipe.seed), corpus);
  }
  save_tokenizers_once(tokenizers, directory);
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

std::uint64_t fingerprint_of(const std::string& text) {
  Fingerprint fingerprint;
  fingerprint.add(text);
  return fingerprint.value();
}

TrainingData prepare_text(const Recipe& recipe, const fs::path& directory, Progress& progress) {
  const TextParts parts = text_of(recipe);
  TrainingData data;
  data.tokenizers = prepare_tokenizers(
      recipe, [](const PairVisitor&) {}, directory / "tokenizer", progress);
  make_directory(directory / "cache");
  const auto open = [&](const std::string& name, const char* title, const std::string& text) {
    const auto store = open_text_windows(directory / "cache" / (name + ".tokens"), text,
                                         *data.tokenizers.target, recipe.data.text.window);
    data.content[name] = fingerprint_text(fingerprint_of(text));
    progress.line(fmt::format("{}: {} windows of up to {} tokens", title, count_text(store->size()),
                              recipe.data.text.window));
    return store;
  };
  data.train = open("train", "training", parts.train);
  if (!parts.validation.empty()) {
    data.validation = open("validation", "validation", parts.validation);
  }
  return data;
}

CorpusFiles task_files(const fs::path& directory, const std::string& part) {
  CorpusFiles files;
  files.source = {(directory / "data" / (part + ".source")).string()};
  files.target = {(directory / "data" / (part + ".target")).string()};
  return files;
}

}  // namespace

CorpusPlaces corpora_of(const Recipe& recipe, const fs::path& directory) {
  const DataConfig& data = recipe.data;
  if (!data.task.kind.empty()) {
    return {task_files(directory, "train"), task_files(directory, "validation"),
            task_files(directory, "test")};
  }
  return {located(data.train, data.directory), located(data.validation, data.directory),
          located(data.test, data.directory)};
}

LengthConfig effective_length(const Recipe& recipe) {
  LengthConfig length = recipe.data.length;
  length.longest = std::min(length.longest, recipe.model.max_length);
  return length;
}

void save_tokenizers_once(const TokenizerPair& tokenizers, const fs::path& directory) {
  if (fs::exists(directory)) {
    return;
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
}

TrainingData prepare_training_data(const Recipe& recipe, const fs::path& directory,
                                   Progress& progress) {
  if (learns_text(recipe)) {
    return prepare_text(recipe, directory, progress);
  }
  if (!recipe.data.task.kind.empty()) {
    make_directory(directory / "data");
    write_toy_task(recipe.data.task, directory / "data");
  }
  const CorpusPlaces places = corpora_of(recipe, directory);
  const ParallelCorpus train(places.train);
  TrainingData data;
  data.content["train"] = fingerprint_text(train.fingerprint());
  if (has_files(places.validation)) {
    data.validation_text.emplace(places.validation);
    data.content["validation"] = fingerprint_text(data.validation_text->fingerprint());
  }
  data.tokenizers = prepare_tokenizers(recipe, train.stream(), directory / "tokenizer", progress);
  make_directory(directory / "cache");
  LengthConfig length = effective_length(recipe);
  ThreadPool& pool = *context_for(cpu_device).pool;
  data.train = open_encoded_corpus(directory / "cache" / "train.tokens", train, data.tokenizers,
                                   length, pool)
                   .store;
  describe_corpus("training", *data.train, progress);
  if (data.validation_text) {
    length.too_long = "cut";  // no sentence of a held-out set is left out
    data.validation = open_encoded_corpus(directory / "cache" / "validation.tokens",
                                          *data.validation_text, data.tokenizers, length, pool)
                          .store;
    describe_corpus("validation", *data.validation, progress);
  }
  return data;
}

}  // namespace heed::app
