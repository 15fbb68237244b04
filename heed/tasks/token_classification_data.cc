#include "heed/tasks/token_classification_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/number_text.h"
#include "heed/data/stratified.h"
#include "heed/metrics/entities.h"
#include "heed/tasks/task_files.h"
#include "heed/text/fingerprint.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

namespace {

std::vector<TaggedSentence> read_sentences(const TokenClassificationRecipe& recipe,
                                           const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names) {
    files.push_back(std::filesystem::path(recipe.data.directory) / name);
  }
  return read_tagged_sentences(files, recipe.data);
}

// The sentences of these numbers, ascending, and the others.
std::pair<std::vector<TaggedSentence>, std::vector<TaggedSentence>> parted(
    std::vector<TaggedSentence> sentences, const std::vector<std::uint32_t>& numbers) {
  std::pair<std::vector<TaggedSentence>, std::vector<TaggedSentence>> parts;
  auto next = numbers.begin();
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const bool chosen = next != numbers.end() && *next == i;
    next += chosen ? 1 : 0;
    (chosen ? parts.first : parts.second).push_back(std::move(sentences[i]));
  }
  return parts;
}

LabelSet tags_of(const std::vector<TaggedSentence>& sentences,
                 const std::vector<std::string>& given) {
  if (!given.empty()) {
    return LabelSet(given);
  }
  std::set<std::string> names;
  for (const TaggedSentence& sentence : sentences) {
    names.insert(sentence.tags.begin(), sentence.tags.end());
  }
  check_data(names.size() > 1, "training data: every word is tagged '{}'; there is nothing to tell",
             names.empty() ? "" : *names.begin());
  return LabelSet({names.begin(), names.end()});
}

void check_tags(const std::vector<TaggedSentence>& sentences, const LabelSet& tags) {
  for (const TaggedSentence& sentence : sentences) {
    for (const std::string& tag : sentence.tags) {
      tags.number_of(tag, sentence.place);
    }
  }
}

std::uint64_t fingerprint_of_sentences(const std::vector<TaggedSentence>& sentences) {
  std::string all;
  for (const TaggedSentence& sentence : sentences) {
    all += fmt::format("{}\x1e{}\x1d", fmt::join(sentence.words, "\x1f"),
                       fmt::join(sentence.tags, "\x1f"));
  }
  return fingerprint_of(all);
}

std::int64_t count_broken(const std::vector<TaggedSentence>& sentences, const LabelSet& tags) {
  const bool has_ends = std::ranges::any_of(
      tags.names(), [](const std::string& tag) { return tag[0] == 'E' || tag[0] == 'S'; });
  std::int64_t count = 0;
  for (const TaggedSentence& sentence : sentences) {
    count += broken_tags(sentence.tags, has_ends);
  }
  return count;
}

}  // namespace

void TokenClassificationTexts::keep_in(const std::filesystem::path& run) const {
  save_tokenizers_once(tokenizers, run / "tokenizer");
}

TokenClassificationTexts read_token_classification(const TokenClassificationRecipe& recipe) {
  const TokenClassificationData& data = recipe.data;
  const auto seed = static_cast<std::uint64_t>(recipe.seed);
  TokenClassificationTexts texts;
  texts.train = read_sentences(recipe, data.train);
  texts.tags = tags_of(texts.train, data.tags);
  check_tags(texts.train, texts.tags);
  const auto share_of = [&](double share) {
    const std::vector<std::string> alike(texts.train.size(), "sentence");
    return parted(std::move(texts.train), stratified_share(alike, share, seed));
  };
  if (!data.validation.empty()) {
    texts.validation = read_sentences(recipe, data.validation);
    check_tags(texts.validation, texts.tags);
  } else if (data.validation_share > 0) {
    std::tie(texts.validation, texts.train) = share_of(data.validation_share);
  }
  if (data.train_share < 1) {
    texts.train = share_of(data.train_share).first;
  }
  check_data(!texts.train.empty(), "{}: no sentence is left to learn from", data.train.front());
  const bool could_be = are_entity_tags(texts.tags.names());
  check_data(data.scheme != "entities" || could_be,
             "{}: data.scheme entities, but these tags are not all O or B, I, E, S with a type: {}",
             data.train.front(), texts.tags.names());
  texts.entities = data.scheme == "entities" || (data.scheme == "auto" && could_be);
  return texts;
}

std::vector<TaggedSentence> read_test_sentences(const TokenClassificationRecipe& recipe) {
  return read_sentences(recipe, recipe.data.test);
}

void check_token_classification_data(const TokenClassificationRecipe& recipe) {
  const TokenClassificationTexts texts = read_token_classification(recipe);
  if (!recipe.data.test.empty()) {
    check_tags(read_test_sentences(recipe), texts.tags);
  }
}

std::shared_ptr<const TokenClassificationTexts> prepare_token_classification(
    const TokenClassificationRecipe& recipe, const TaskPlace& place) {
  auto data = std::make_shared<TokenClassificationTexts>(read_token_classification(recipe));
  const PairStream words = [&](const PairVisitor& visit) {
    for (const TaggedSentence& sentence : data->train) {
      visit(fmt::format("{}", fmt::join(sentence.words, " ")), {});
    }
  };
  data->tokenizers = prepare_tokenizers(
      recipe.init_from, recipe.tokenizer.kind,
      [&] {
        return train_tokenizers(recipe.tokenizer, static_cast<std::uint64_t>(recipe.seed), words,
                                [&](const std::string& remark) { place.progress.warning(remark); });
      },
      place);
  check_data(data->tokenizers.joint, "{}: a tagger needs tokenizers with one vocabulary",
             recipe.init_from);
  const auto tell = [&](const char* title, const std::vector<TaggedSentence>& sentences) {
    if (sentences.empty()) {
      return;
    }
    data->fingerprints[title] = fingerprint_text(fingerprint_of_sentences(sentences));
    std::size_t count = 0;
    for (const TaggedSentence& sentence : sentences) {
      count += sentence.words.size();
    }
    place.progress.line(fmt::format("{}: {} sentences, {} words", title,
                                    count_text(static_cast<std::int64_t>(sentences.size())),
                                    count_text(static_cast<std::int64_t>(count))));
    const std::int64_t broken = data->entities ? count_broken(sentences, data->tags) : 0;
    if (broken > 0) {
      place.progress.warning(
          fmt::format("{}: {} tags break their scheme; they are counted as seqeval counts them",
                      title, count_text(broken)));
    }
  };
  tell("training", data->train);
  tell("validation", data->validation);
  return data;
}

Json token_classification_identity(const TokenClassificationRecipe& recipe) {
  const TokenClassificationTexts texts = read_token_classification(recipe);
  return {{"tokenizer", config_to_json(recipe.tokenizer)},
          {"tags", texts.tags.names()},
          {"train", fingerprint_text(fingerprint_of_sentences(texts.train))},
          {"validation", fingerprint_text(fingerprint_of_sentences(texts.validation))},
          {"init_from", recipe.init_from},
          {"seed", recipe.seed}};
}

}  // namespace heed
