#include "heed/tasks/translation_recipe.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/metrics/bleu.h"

namespace heed {

namespace {

CorpusFiles located(CorpusFiles files, const std::string& directory) {
  for (auto* list : {&files.source, &files.target, &files.table}) {
    for (std::string& file : *list) {
      file = (std::filesystem::path(directory) / file).string();
    }
  }
  return files;
}

CorpusFiles toy_files(const std::filesystem::path& directory, const std::string& part) {
  CorpusFiles files;
  files.source = {(directory / "data" / (part + ".source")).string()};
  files.target = {(directory / "data" / (part + ".target")).string()};
  return files;
}

}  // namespace

void check_translation_recipe(const TranslationRecipe& recipe, const std::string& source) {
  const TranslationData& data = recipe.data;
  if (!data.toy.kind.empty()) {
    check_toy_task_config(data.toy);
    check_usage(!has_files(data.train) && !has_files(data.validation) && !has_files(data.test),
                "{}: data.toy: makes its own corpora; name either a kind or files", source);
  } else {
    check_usage(has_files(data.train), "{}: data.train: name the files to learn from", source);
  }
  check_run_settings(recipe, source);
  check_usage(data.subword_dropout >= 0 && data.subword_dropout < 1,
              "data.subword_dropout: must be in [0, 1), got {}", data.subword_dropout);
  check_validation_keys(recipe.training, translation_measures(recipe),
                        !data.toy.kind.empty() || has_files(data.validation));
  check_translator_config(recipe.model);
  check_tokenizer_config(recipe.tokenizer);
  check_usage(
      recipe.tokenizer.joint || !shares_embeddings(recipe.model),
      "{}: model.tie_embeddings: {} is for one vocabulary (tokenizer.joint: true); with two, "
      "an id is one piece in the source and another in the target: use output or none",
      source, recipe.model.tie_embeddings);
  check_decoding_config(recipe.decoding);
  check_usage(recipe.decoding.validation_beam >= 1,
              "decoding.validation_beam: must be at least 1, got {}",
              recipe.decoding.validation_beam);
}

std::vector<TaskMeasure> translation_measures(const TranslationRecipe& recipe) {
  const bool validates = !recipe.data.toy.kind.empty() || has_files(recipe.data.validation);
  if (!validates || recipe.training.thorough_every == 0) {
    return {};
  }
  return {{.style = Bleu().style(), .thorough = true}};
}

bool has_files(const CorpusFiles& files) {
  return !files.source.empty() || !files.target.empty() || !files.table.empty();
}

CorpusPlaces corpora_of(const TranslationRecipe& recipe, const std::filesystem::path& directory) {
  const TranslationData& data = recipe.data;
  if (!data.toy.kind.empty()) {
    return {toy_files(directory, "train"), toy_files(directory, "validation"),
            toy_files(directory, "test")};
  }
  return {located(data.train, data.directory), located(data.validation, data.directory),
          located(data.test, data.directory)};
}

LengthConfig effective_length(const TranslationRecipe& recipe) {
  LengthConfig length = recipe.data.length;
  length.longest = std::min(length.longest, recipe.model.max_length);
  return length;
}

DecodingConfig validation_decoding(const TranslationRecipe& recipe) {
  DecodingConfig decoding = recipe.decoding;
  decoding.beam = recipe.decoding.validation_beam;
  decoding.n_best = 1;
  decoding.sample = false;
  return decoding;
}

}  // namespace heed
