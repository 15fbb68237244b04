#include "heed/tasks/window_scores.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "heed/autograd/gradient.h"
#include "heed/data/white_space.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/ops/rows.h"
#include "heed/tasks/window_source.h"

namespace heed {

namespace {

using Row = std::array<std::int64_t, BitsPerCharacter::columns>;

// What the first token of a text stands for, when it is given and not predicted.
TextCounts given_of(const TokenText& text, const Tokenizer& tokenizer) {
  if (text.has_start_symbols()) {
    return {};
  }
  const int first = text[0];
  if (first == tokenizer.end_id() || tokenizer.kind() == "byte") {
    return {.bytes = 1, .characters = 1};
  }
  const std::string spelled = tokenizer.decode(std::span(&first, 1));
  return {.bytes = static_cast<std::int64_t>(spelled.size()),
          .characters = std::count_if(spelled.begin(), spelled.end(),
                                      [](char byte) { return !continues_character(byte); })};
}

// Counts the characters of predictions.
class CharacterCounter {
 public:
  CharacterCounter(const TokenText& text, const Tokenizer& tokenizer)
      : text_(text), all_(text.counts().characters - given_of(text, tokenizer).characters) {
    if (tokenizer.kind() != "byte") {
      return;
    }
    for (int id = 0; id < tokenizer.size(); ++id) {
      const std::string piece = tokenizer.piece(id);
      begins_.push_back(!(piece.size() == 6 && piece >= "<0x80>" && piece <= "<0xBF>"));
    }
  }

  // Of the predictions begin … end - 1.
  std::int64_t count(std::int64_t begin, std::int64_t end) const {
    if (begins_.empty()) {
      return up_to(end) - up_to(begin);
    }
    std::int64_t count = 0;
    for (std::int64_t p = begin; p < end; ++p) {
      count += begins_[static_cast<std::size_t>(text_[p + 1])] ? 1 : 0;
    }
    return count;
  }

 private:
  std::int64_t up_to(std::int64_t prediction) const {
    const auto share = static_cast<double>(prediction) / static_cast<double>(text_.size() - 1);
    return std::llround(share * static_cast<double>(all_));
  }

  const TokenText& text_;
  std::int64_t all_;
  std::vector<bool> begins_;  // by id: a character; empty: tokens are larger
};

// log p of every prediction that counts.
std::vector<double> log_probabilities(const Generator& model, const WindowBatch& batch,
                                      ForwardContext context) {
  const GeneratorExamples& examples = batch.examples;
  Tensor states = model.hidden(examples.prompts, context);
  Tensor outputs = examples.outputs;
  if (std::cmp_less(batch.counted.size(), examples.outputs.size(0))) {
    const auto counted = static_cast<std::int64_t>(batch.counted.size());
    const auto all = outputs.values<std::int32_t>();
    std::vector<std::int32_t> kept;
    for (const std::int32_t row : batch.counted) {
      kept.push_back(all[static_cast<std::size_t>(row)]);
    }
    states = ops::gather_rows(states, Tensor::from_values<std::int32_t>(batch.counted, {counted}));
    outputs = Tensor::from_values<std::int32_t>(kept, {counted});
  }
  return ops::projection_log_probabilities(states, model.projection(), outputs, context.precision);
}

}  // namespace

SentenceStatistics window_statistics(const Generator& model,
                                     const std::shared_ptr<const TextWindows>& windows,
                                     const Tokenizer& tokenizer, const BatchConfig& batches,
                                     const ForwardContext& context) {
  const NoGradientScope no_gradients;
  const CharacterCounter characters(windows->text(), tokenizer);
  const ForwardContext running{.precision = context.precision, .heads_off = context.heads_off};
  SentenceStatistics statistics(BitsPerCharacter::columns);
  for_each_batch(WindowSource(windows), batches, [&](const PairBatch& pairs) {
    const auto& batch = static_cast<const WindowBatch&>(pairs);
    const std::vector<double> tokens = log_probabilities(model, batch, running);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < batch.numbers.size(); ++i) {
      const TextWindow window = (*windows)[batch.numbers[i]];
      double sum = 0;
      for (std::size_t j = begin; j < batch.counted_ends[i]; ++j) {
        sum += tokens[j];
      }
      statistics.append(
          BitsPerCharacter::row(sum, characters.count(window.counted, window.end),
                                static_cast<std::int64_t>(batch.counted_ends[i] - begin)));
      begin = batch.counted_ends[i];
    }
  });
  return statistics;
}

SentenceStatistics guessed_statistics(const TextWindows& windows, const Tokenizer& tokenizer) {
  const CharacterCounter characters(windows.text(), tokenizer);
  const double guess = -std::log(static_cast<double>(tokenizer.size()));
  SentenceStatistics statistics(BitsPerCharacter::columns);
  for (std::int64_t i = 0; i < windows.size(); ++i) {
    const TextWindow window = windows[i];
    const std::int64_t predicted = window.end - window.counted;
    statistics.append(BitsPerCharacter::row(guess * static_cast<double>(predicted),
                                            characters.count(window.counted, window.end),
                                            predicted));
  }
  return statistics;
}

TextScore score_of_text(const SentenceStatistics& rows, const TokenText& text,
                        const Tokenizer& tokenizer) {
  const std::vector<std::int64_t> total = rows.total();
  TextScore score{.tokens = total[2],
                  .characters = total[1],
                  .bytes = text.counts().bytes - given_of(text, tokenizer).bytes,
                  .words = text.counts().words + text.counts().lines,
                  .loss = BitsPerCharacter::loss_of(total),
                  .bits_per_character = BitsPerCharacter().score_of(total)};
  const double nats = score.loss * static_cast<double>(score.tokens);
  const auto perplexity = [&](std::int64_t units) {
    return units > 0 ? std::exp(nats / static_cast<double>(units)) : 0;
  };
  score.perplexity = perplexity(score.tokens);
  score.word_perplexity = perplexity(score.words);
  score.byte_perplexity = perplexity(score.bytes);
  return score;
}

}  // namespace heed
