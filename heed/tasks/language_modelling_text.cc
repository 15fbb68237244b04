#include "heed/tasks/language_modelling_text.h"

#include <fmt/format.h>

#include <map>

#include "heed/base/config_json.h"
#include "heed/base/files.h"
#include "heed/base/number_text.h"
#include "heed/kernels/kernel.h"
#include "heed/tasks/task_files.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

TokenizerPair learn_tokenizers(const LanguageModellingRecipe& recipe, const TextCorpus& corpus,
                               Progress& progress) {
  const PairStream texts = [&](const PairVisitor& visit) {
    corpus.for_each_training_text([&](std::string_view text) { visit(text, {}); });
  };
  return train_tokenizers(recipe.tokenizer, static_cast<std::uint64_t>(recipe.seed), texts,
                          [&](const std::string& remark) { progress.warning(remark); });
}

}  // namespace

void LanguageModellingText::keep_in(const fs::path& run) const {
  save_tokenizers_once(tokenizers, run / "tokenizer");
}

std::shared_ptr<const LanguageModellingText> prepare_language_modelling_text(
    const LanguageModellingRecipe& recipe, const TaskPlace& place) {
  const TextCorpus corpus = corpus_of(recipe);
  auto data = std::make_shared<LanguageModellingText>();
  data->tokenizers = prepare_tokenizers(
      recipe.init_from, recipe.tokenizer.kind,
      [&] { return learn_tokenizers(recipe, corpus, place.progress); }, place);
  make_directory(place.directory / "cache");
  std::map<TextPart, fs::path> paths = {
      {TextPart::train, place.directory / "cache" / "train.tokens"}};
  if (corpus.has(TextPart::validation)) {
    paths[TextPart::validation] = place.directory / "cache" / "validation.tokens";
  }
  auto texts = corpus.open(paths, *data->tokenizers.target, *context_for(cpu_device).pool);
  const auto tell = [&](const char* title, const TokenText& text, const char* name) {
    data->fingerprints[name] = fingerprint_text(text.content());
    place.progress.line(fmt::format("{}: {} tokens of {} characters", title,
                                    count_text(text.size()), count_text(text.counts().characters)));
  };
  data->train = texts[TextPart::train];
  tell("training", *data->train, "train");
  if (corpus.has(TextPart::validation)) {
    data->validation = texts[TextPart::validation];
    tell("validation", *data->validation, "validation");
  }
  return data;
}

Json language_modelling_data_identity(const LanguageModellingRecipe& recipe) {
  const LanguageModellingData& data = recipe.data;
  Json identity = {{"tokenizer", config_to_json(recipe.tokenizer)},
                   {"shares", {data.validation_share, data.test_share}},
                   {"form", {data.documents, data.json_key}},
                   {"validation", data.validation.empty()},
                   {"init_from", recipe.init_from},
                   {"seed", recipe.seed}};
  identity["content"] = corpus_of(recipe).fingerprints();
  return identity;
}

}  // namespace heed
