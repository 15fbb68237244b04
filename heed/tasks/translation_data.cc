#include "heed/tasks/translation_data.h"

#include <fmt/format.h>

#include "heed/base/config_json.h"
#include "heed/base/files.h"
#include "heed/base/number_text.h"
#include "heed/data/held_lines.h"
#include "heed/kernels/kernel.h"
#include "heed/tasks/task_files.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

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

}  // namespace

void TranslationCorpora::keep_in(const fs::path& run) const {
  save_tokenizers_once(tokenizers, run / "tokenizer");
}

void check_translation_data(const TranslationRecipe& recipe) {
  if (!recipe.data.toy.kind.empty()) {
    return;
  }
  const CorpusPlaces places = corpora_of(recipe, {});
  const ParallelCorpus train(places.train);
  for (const CorpusFiles& files : {places.validation, places.test}) {
    if (has_files(files)) {
      for_each_held(ParallelCorpus(files), [](const SentencePair&) {});
    }
  }
}

std::shared_ptr<const TranslationCorpora> prepare_translation_data(const TranslationRecipe& recipe,
                                                                   const TaskPlace& place) {
  const fs::path& directory = place.directory;
  if (!recipe.data.toy.kind.empty()) {
    make_directory(directory / "data");
    write_toy_task(recipe.data.toy, directory / "data");
  }
  const CorpusPlaces places = corpora_of(recipe, directory);
  const ParallelCorpus train(places.train);
  auto data = std::make_shared<TranslationCorpora>();
  data->fingerprints["train"] = fingerprint_text(train.fingerprint());
  if (has_files(places.validation)) {
    data->validation_text.emplace(places.validation);
    data->fingerprints["validation"] = fingerprint_text(data->validation_text->fingerprint());
  }
  data->tokenizers = prepare_tokenizers(
      recipe.init_from, recipe.tokenizer.kind,
      [&] {
        return train_tokenizers(recipe.tokenizer, static_cast<std::uint64_t>(recipe.seed),
                                train.stream(),
                                [&](const std::string& remark) { place.progress.warning(remark); });
      },
      place);
  make_directory(directory / "cache");
  LengthConfig length = effective_length(recipe);
  ThreadPool& pool = *context_for(cpu_device).pool;
  const auto encode = [&](const char* name, const ParallelCorpus& corpus) {
    return open_encoded_corpus(directory / "cache" / (std::string(name) + ".tokens"), corpus,
                               data->tokenizers, length, pool)
        .store;
  };
  data->train = encode("train", train);
  describe_corpus("training", *data->train, place.progress);
  if (data->validation_text) {
    length.too_long = "cut";  // no sentence of a held-out set is left out
    data->validation = encode("validation", *data->validation_text);
    describe_corpus("validation", *data->validation, place.progress);
  }
  return data;
}

Json translation_data_identity(const TranslationRecipe& recipe) {
  TranslationData data = recipe.data;
  data.subword_dropout = 0;  // acts on what is encoded
  Json identity = {{"tokenizer", config_to_json(recipe.tokenizer)},
                   {"data", config_to_json(data)},
                   {"longest", effective_length(recipe).longest},
                   {"init_from", recipe.init_from},
                   {"seed", recipe.seed}};
  if (recipe.data.toy.kind.empty()) {
    const CorpusPlaces places = corpora_of(recipe, {});
    for (const CorpusFiles& files : {places.train, places.validation}) {
      identity["content"].push_back(has_files(files) ? ParallelCorpus(files).fingerprint() : 0);
    }
  }
  return identity;
}

}  // namespace heed
