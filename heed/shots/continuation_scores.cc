#include "heed/shots/continuation_scores.h"

#include <algorithm>
#include <numeric>

#include "heed/base/error.h"
#include "heed/kernels/top_k.h"

namespace heed {

namespace {

// The most tokens and endings that are worked on side by side.
constexpr std::size_t token_limit = 4096;
constexpr std::size_t row_limit = 256;

std::size_t longest_ending(const Continuations& item) {
  std::size_t longest = 0;
  for (const std::vector<int>& ending : item.endings) {
    longest = std::max(longest, ending.size());
  }
  return longest;
}

// The end of the context that fits with the endings, whose last tokens are never read.
std::span<const int> fitting_context(const Continuations& item, std::int64_t longest) {
  const std::size_t ending = longest_ending(item);
  check_usage(std::cmp_less_equal(ending, longest),
              "an answer of {} tokens, where the model takes {} at most", ending, longest);
  const std::size_t room = static_cast<std::size_t>(longest) - ending + 1;
  const std::span<const int> whole = item.context;
  return whole.last(std::min(whole.size(), std::max<std::size_t>(room, 1)));
}

Prompts prompts_of(std::span<const Continuations* const> items, std::int64_t longest) {
  std::vector<std::int32_t> ids, lengths, none(items.size(), 0);
  for (const Continuations* item : items) {
    const std::span<const int> context = fitting_context(*item, longest);
    ids.insert(ids.end(), context.begin(), context.end());
    lengths.push_back(static_cast<std::int32_t>(context.size()));
  }
  const auto count = static_cast<std::int64_t>(ids.size());
  return {.source = {.ids = Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(), {0}),
                     .rows = make_sequences(none)},
          .begun = {
              .ids = Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(ids), {count}),
              .rows = make_sequences(lengths)}};
}

// An ending on its way: its next token is read from row `row` of the logits at hand.
struct EndingInProgress {
  const std::vector<int>* tokens;
  ContinuationScore* score;
  std::int32_t row;
};

// Adds log p of token `step` of each ending, read from its row.
void add_scores(const Tensor& logits, std::span<const EndingInProgress> endings, std::size_t step) {
  const std::int64_t rows = logits.size(0);
  const Tensor columns = Tensor::empty({rows, 1}, DType::int32, logits.device());
  const Tensor best = Tensor::empty({rows, 1}, DType::float64, logits.device());
  ExecutionContext context = context_for(logits.device());
  top_log_probabilities(context,
                        {.x = logits, .k = 1, .columns = columns, .log_probabilities = best});
  const auto most_probable = columns.values<std::int32_t>();
  const auto log_probabilities = best.values<double>();
  const View view = logits.view();
  for (const EndingInProgress& ending : endings) {
    const auto row = static_cast<std::size_t>(ending.row);
    const float* of_row = view.as<float>() + ending.row * view.row_stride();
    const std::int32_t token = (*ending.tokens)[step];
    const std::int32_t top = most_probable[row];
    ending.score->log_probability += static_cast<double>(of_row[token]) -
                                     static_cast<double>(of_row[top]) + log_probabilities[row];
    ending.score->greedy = ending.score->greedy && token == top;
  }
}

void score_batch(const Generator& model, std::span<const Continuations* const> items,
                 std::span<std::vector<ContinuationScore>* const> scores,
                 const ForwardContext& context) {
  const auto session = model.start(context);
  Tensor logits = session->add(prompts_of(items, model.longest()));
  std::vector<EndingInProgress> endings;
  for (std::size_t i = 0; i < items.size(); ++i) {
    scores[i]->resize(items[i]->endings.size());
    for (std::size_t k = 0; k < items[i]->endings.size(); ++k) {
      endings.push_back({&items[i]->endings[k], &(*scores[i])[k], static_cast<std::int32_t>(i)});
    }
  }
  for (std::size_t step = 0;; ++step) {
    add_scores(logits, endings, step);
    std::erase_if(
        endings, [&](const EndingInProgress& ending) { return ending.tokens->size() == step + 1; });
    if (endings.empty()) {
      return;
    }
    std::vector<std::int32_t> parents, tokens;
    for (EndingInProgress& ending : endings) {
      parents.push_back(ending.row);
      tokens.push_back((*ending.tokens)[step]);
      ending.row = static_cast<std::int32_t>(parents.size()) - 1;
    }
    logits = session->advance(parents, tokens);
  }
}

}  // namespace

std::vector<std::vector<ContinuationScore>> score_continuations(
    const Generator& model, std::span<const Continuations> items, const ForwardContext& context) {
  // Those of about the same length go together: what finishes late would run alone.
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return longest_ending(items[a]) > longest_ending(items[b]);
  });
  std::vector<std::vector<ContinuationScore>> scores(items.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::vector<const Continuations*> batch;
    std::vector<std::vector<ContinuationScore>*> into;
    std::size_t tokens = 0, rows = 0;
    for (; begin < order.size(); ++begin) {
      const Continuations& item = items[order[begin]];
      check(!item.context.empty() && !item.endings.empty(), "an item without context or endings");
      tokens += item.context.size();
      rows += item.endings.size();
      if (!batch.empty() && (tokens > token_limit || rows > row_limit)) {
        break;
      }
      batch.push_back(&item);
      into.push_back(&scores[order[begin]]);
    }
    score_batch(model, batch, into, context);
  }
  return scores;
}

}  // namespace heed
