#include "heed/tasks/tagged_texts.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/entities.h"
#include "heed/tasks/classified_texts.h"

namespace heed {

namespace {

// The tokens of a sentence, and where each word begins among them.
struct SentenceTokens {
  std::vector<int> ids;
  std::vector<std::size_t> begins;
};

SentenceTokens tokens_of(const TaggedSentence& sentence, const Tokenizer& tokenizer) {
  check_data(!sentence.words.empty(), "{}: a sentence without words", sentence.place);
  SentenceTokens result;
  for (const std::string& word : sentence.words) {
    std::vector<int> ids = tokenizer.encode(word);
    if (ids.empty()) {
      check_data(tokenizer.unknown_id() >= 0, "{}: the word '{}' has no tokens", sentence.place,
                 word);
      ids = {tokenizer.unknown_id()};
    }
    result.begins.push_back(result.ids.size());
    result.ids.insert(result.ids.end(), ids.begin(), ids.end());
  }
  return result;
}

// The window in which most stands on the poorer side of a token.
std::size_t best_window(const std::vector<TokenWindow>& windows, std::size_t token) {
  std::size_t best = 0, most = 0;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    if (token < windows[w].begin || token >= windows[w].end) {
      continue;
    }
    // The ends of the sentence are no poorer than they have to be.
    const std::size_t before = w == 0 ? windows[w].end : token - windows[w].begin;
    const std::size_t after = w + 1 == windows.size() ? windows[w].end : windows[w].end - token;
    const std::size_t around = std::min(before, after) + 1;
    if (around > most) {
      most = around;
      best = w;
    }
  }
  return best;
}

}  // namespace

TaggedTexts::TaggedTexts(std::span<const TaggedSentence> sentences, const Tokenizer& tokenizer,
                         const LabelSet& tags, const LengthRule& rule)
    : right_(sentences.size()) {
  const TextFrame frame = tokenizer.frame();
  const auto specials = static_cast<std::int64_t>(frame.specials(false));
  check_data(rule.longest > specials, "a model of {} tokens has no room beside {} special ones",
             rule.longest, specials);
  std::vector<SentenceTokens> tokens(sentences.size());
  context_for(cpu_device)
      .pool->run(static_cast<std::int64_t>(sentences.size()), [&](std::int64_t i) {
        const auto s = static_cast<std::size_t>(i);
        tokens[s] = tokens_of(sentences[s], tokenizer);
      });
  for (std::size_t s = 0; s < sentences.size(); ++s) {
    const auto windows =
        token_windows(tokens[s].ids.size(), static_cast<std::size_t>(rule.longest - specials),
                      static_cast<std::size_t>(rule.stride));
    std::vector<std::vector<Told>> told(windows.size());
    for (std::size_t word = 0; word < tokens[s].begins.size(); ++word) {
      const std::size_t token = tokens[s].begins[word], w = best_window(windows, token);
      told[w].push_back({static_cast<std::int32_t>(token - windows[w].begin),
                         static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(word)});
    }
    for (std::size_t w = 0; w < windows.size(); ++w) {
      if (told[w].empty()) {
        continue;  // the middle of a word
      }
      windows_.push_back(frame.put(
          std::span(tokens[s].ids).subspan(windows[w].begin, windows[w].end - windows[w].begin)));
      sizes_.push_back({static_cast<std::int32_t>(windows_.back().ids.size()), 0});
      for (Told& word : told[w]) {
        word.row += static_cast<std::int32_t>(windows_.back().first);
      }
      told_.push_back(std::move(told[w]));
    }
    for (const std::string& tag : sentences[s].tags) {
      right_[s].push_back(tags.number_of(tag, sentences[s].place));
    }
  }
}

std::unique_ptr<Batch> TaggedTexts::make(std::span<const std::uint32_t> windows,
                                         std::int64_t) const {
  auto batch = std::make_unique<TaggedBatch>();
  std::vector<const FramedText*> texts;
  std::vector<std::int64_t> names;
  for (const std::uint32_t window : windows) {
    texts.push_back(&windows_[window]);
    names.push_back(window);
  }
  batch->inputs = packed_inputs(texts, names);
  batch->tokens = batch->inputs.rows.tokens();
  batch->targets.classes.assign(static_cast<std::size_t>(batch->tokens), -1);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    for (const Told& told : told_[windows[i]]) {
      const auto row = static_cast<std::size_t>(batch->inputs.rows.offsets[i] + told.row);
      batch->targets.classes[row] = right_[told.sentence][told.word];
      ++batch->predictions;
    }
  }
  return batch;
}

std::vector<std::vector<float>> tag_scores(const HeadedEncoder& model, const TaggedTexts& texts,
                                           std::int64_t batch_tokens,
                                           const ForwardContext& context) {
  const Scores scores = scores_of(model, texts.windows(), batch_tokens, context);
  const auto count = static_cast<std::size_t>(scores.count);
  std::vector<std::vector<float>> result(texts.sentences());
  std::size_t begin = 0;
  for (std::size_t w = 0; w < texts.windows().size(); ++w) {
    for (const TaggedTexts::Told& told : texts.told_by(w)) {
      std::vector<float>& sentence = result[told.sentence];
      sentence.resize(std::max(sentence.size(), (told.word + 1) * count));
      const auto row = scores.row(begin + static_cast<std::size_t>(told.row));
      std::copy(row.begin(), row.end(),
                sentence.begin() + static_cast<std::ptrdiff_t>(told.word * count));
    }
    begin += texts.windows()[w].ids.size();
  }
  return result;
}

std::vector<std::int32_t> best_tags(std::span<const float> scores, std::int64_t tags) {
  const auto count = static_cast<std::size_t>(tags);
  std::vector<std::int32_t> best;
  for (std::size_t begin = 0; begin < scores.size(); begin += count) {
    best.push_back(chosen_classes(scores.subspan(begin, count), "single_label").front());
  }
  return best;
}

SentenceStatistics tag_statistics(const TaggedTexts& texts,
                                  std::span<const std::vector<float>> scores,
                                  const LabelSet& tags) {
  const auto names_of = [&](const std::vector<std::int32_t>& numbers) {
    std::vector<std::string> names;
    for (const std::int32_t number : numbers) {
      names.push_back(tags.names()[static_cast<std::size_t>(number)]);
    }
    return names;
  };
  SentenceStatistics rows(tag_columns);
  for (std::size_t s = 0; s < texts.sentences(); ++s) {
    rows.append(tag_row(names_of(best_tags(scores[s], tags.size())), names_of(texts.right(s))));
  }
  return rows;
}

double tag_loss(const TaggedTexts& texts, std::span<const std::vector<float>> scores,
                std::int64_t tags) {
  double sum = 0, words = 0;
  for (std::size_t s = 0; s < texts.sentences(); ++s) {
    const auto count = static_cast<std::int64_t>(texts.right(s).size());
    sum += label_loss(Tensor::from_values<float>(scores[s], {count, tags}),
                      {.classes = texts.right(s)}, {})
               .plain;
    words += static_cast<double>(count);
  }
  return words > 0 ? sum / words : 0;
}

}  // namespace heed
