#include "heed/tasks/asked_texts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/base/error.h"
#include "heed/tasks/classified_texts.h"

namespace heed {

namespace {

// The first and the last token of an answer: those that hold any of its bytes.
std::pair<std::size_t, std::size_t> tokens_of(const AnswerSpan& answer,
                                              const std::vector<TokenSpan>& spans) {
  std::size_t first = 0;
  while (first < spans.size() && spans[first].end <= answer.begin) {
    ++first;
  }
  std::size_t last = first;
  while (last + 1 < spans.size() && spans[last + 1].begin < answer.end) {
    ++last;
  }
  return {first, last};
}

// log Σ exp of a column of scores over the tokens of a context.
double log_sum(const Scores& scores, std::size_t row, std::size_t count, std::size_t column) {
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    top = std::max<double>(top, scores.row(row + i)[column]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    sum += std::exp(scores.row(row + i)[column] - top);
  }
  return top + std::log(sum);
}

struct Candidate {
  double score = -std::numeric_limits<double>::infinity();
  std::size_t first = 0, last = 0;
};

Candidate best_candidate(const Scores& scores, std::size_t row, std::size_t count,
                         std::size_t most) {
  Candidate best;
  for (std::size_t first = 0; first < count; ++first) {
    for (std::size_t last = first; last < std::min(count, first + most); ++last) {
      const double score = static_cast<double>(scores.row(row + first)[0]) +
                           static_cast<double>(scores.row(row + last)[1]);
      if (score > best.score) {
        best = {score, first, last};
      }
    }
  }
  return best;
}

}  // namespace

AskedTexts::AskedTexts(std::span<const AskedContext> contexts, const Tokenizer& tokenizer,
                       const LengthRule& rule, bool learns) {
  const TextFrame frame = tokenizer.frame();
  const auto specials = static_cast<std::int64_t>(frame.specials(true));
  for (const AskedContext& asked : contexts) {
    const SpannedTokens tokens = tokenizer.encode_with_spans(asked.context);
    for (const AskedQuestion& question : asked.questions) {
      const std::vector<int> ids = tokenizer.encode(question.question);
      const std::int64_t room = rule.longest - specials - static_cast<std::int64_t>(ids.size());
      check_data(room > 0,
                 "question {}: its {} tokens and {} special ones leave no room for the context in "
                 "the {} that the model takes",
                 question.id, ids.size(), specials, rule.longest);
      check_data(!learns || !question.spans.empty(),
                 "question {}: has no answer; questions that the context does not answer cannot be "
                 "learned from",
                 question.id);
      std::pair<std::size_t, std::size_t> answer;
      if (learns) {
        answer = tokens_of(question.spans.front(), tokens.spans);
      }
      for (const TokenWindow part : token_windows(tokens.ids.size(), static_cast<std::size_t>(room),
                                                  static_cast<std::size_t>(rule.stride))) {
        framed_.push_back(
            frame.put(ids, std::span(tokens.ids).subspan(part.begin, part.end - part.begin)));
        sizes_.push_back({static_cast<std::int32_t>(framed_.back().ids.size()), 0});
        Window window{.question = static_cast<std::uint32_t>(contexts_.size()),
                      .first_row = static_cast<std::int32_t>(framed_.back().second)};
        for (std::size_t i = part.begin; i < part.end; ++i) {
          window.spans.push_back({tokens.spans[i].begin, tokens.spans[i].end});
        }
        if (learns && answer.first >= part.begin && answer.second < part.end) {
          window.begin = window.first_row + static_cast<std::int32_t>(answer.first - part.begin);
          window.end = window.first_row + static_cast<std::int32_t>(answer.second - part.begin);
        }
        windows_.push_back(std::move(window));
      }
      contexts_.push_back(&asked.context);
    }
  }
}

std::unique_ptr<Batch> AskedTexts::make(std::span<const std::uint32_t> windows,
                                        std::int64_t) const {
  auto batch = std::make_unique<AskedBatch>();
  std::vector<const FramedText*> texts;
  std::vector<std::int64_t> names;
  std::vector<std::int32_t> targets;
  for (const std::uint32_t window : windows) {
    texts.push_back(&framed_[window]);
    names.push_back(window);
    targets.insert(targets.end(), {windows_[window].begin, windows_[window].end});
  }
  const auto count = static_cast<std::int64_t>(windows.size());
  batch->inputs = packed_inputs(texts, names);
  batch->targets = Tensor::from_values<std::int32_t>(targets, {count, 2});
  batch->predictions = 2 * count;
  batch->tokens = batch->inputs.rows.tokens();
  return batch;
}

std::vector<FoundAnswer> found_answers(const HeadedEncoder& model, const AskedTexts& texts,
                                       std::int64_t answer_tokens, std::int64_t batch_tokens,
                                       const ForwardContext& context) {
  const Scores scores = scores_of(model, texts.framed(), batch_tokens, context);
  std::vector<FoundAnswer> answers(texts.questions());
  std::vector<double> best(texts.questions(), -std::numeric_limits<double>::infinity());
  std::size_t begin = 0;
  for (std::size_t w = 0; w < texts.windows().size(); ++w) {
    const AskedTexts::Window& window = texts.windows()[w];
    const std::size_t row = begin + static_cast<std::size_t>(window.first_row),
                      count = window.spans.size();
    begin += texts.framed()[w].ids.size();
    const Candidate found =
        best_candidate(scores, row, count, static_cast<std::size_t>(answer_tokens));
    if (found.score > best[window.question]) {
      best[window.question] = found.score;
      FoundAnswer& answer = answers[window.question];
      answer.span = {window.spans[found.first].begin, window.spans[found.last].end};
      answer.text = texts.context(window.question)
                        .substr(answer.span.begin, answer.span.end - answer.span.begin);
      answer.probability =
          std::exp(found.score - log_sum(scores, row, count, 0) - log_sum(scores, row, count, 1));
    }
  }
  return answers;
}

}  // namespace heed
