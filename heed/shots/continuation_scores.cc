#include "heed/shots/continuation_scores.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/kernels/top_k.h"

namespace heed {

namespace {

// The most tokens of contexts and of endings that are worked on side by side: each of the latter
// has a row of logits.
constexpr std::size_t context_limit = 4096;
constexpr std::size_t ending_limit = 1024;

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
  return {.source = {.ids = id_tensor({}), .rows = make_sequences(none)},
          .begun = {.ids = id_tensor(ids), .rows = make_sequences(lengths)}};
}

// A token of an ending, whose probability is read from row `row` of the logits at hand.
struct AwaitedToken {
  std::int32_t token;
  ContinuationScore* score;
  std::int32_t row;
};

// Adds log p of each token.
void add_scores(const Tensor& logits, std::span<const AwaitedToken> tokens) {
  const std::int64_t rows = logits.size(0);
  const Tensor columns = Tensor::empty({rows, 1}, DType::int32, logits.device());
  const Tensor best = Tensor::empty({rows, 1}, DType::float64, logits.device());
  ExecutionContext context = context_for(logits.device());
  top_log_probabilities(context,
                        {.x = logits, .k = 1, .columns = columns, .log_probabilities = best});
  const auto most_probable = columns.values<std::int32_t>();
  const auto log_probabilities = best.values<double>();
  const View view = logits.view();
  for (const auto& [token, score, index] : tokens) {
    const auto row = static_cast<std::size_t>(index);
    const float* of_row = view.as<float>() + index * view.row_stride();
    const std::int32_t top = most_probable[row];
    score->log_probability += static_cast<double>(of_row[token]) -
                              static_cast<double>(of_row[top]) + log_probabilities[row];
    score->greedy = score->greedy && token == top;
  }
}

// Contexts in one pass, whose last tokens tell the first tokens of endings; all other tokens in a
// second one.
void score_batch(const Generator& model, std::span<const Continuations* const> items,
                 std::span<std::vector<ContinuationScore>* const> scores,
                 const ForwardContext& context) {
  const auto session = model.start(context);
  const Tensor after_contexts = session->add(prompts_of(items, model.longest()));
  std::vector<AwaitedToken> first, others;
  std::vector<std::int32_t> parents;
  std::vector<std::span<const std::int32_t>> runs;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto item = static_cast<std::int32_t>(i);
    scores[i]->resize(items[i]->endings.size());
    for (std::size_t k = 0; k < items[i]->endings.size(); ++k) {
      const std::span<const std::int32_t> ending = items[i]->endings[k];
      ContinuationScore* score = &(*scores[i])[k];
      first.push_back({ending.front(), score, item});
      for (const std::int32_t token : ending.subspan(1)) {
        others.push_back({token, score, static_cast<std::int32_t>(others.size())});
      }
      if (ending.size() > 1) {
        parents.push_back(item);
        runs.push_back(ending.first(ending.size() - 1));
      }
    }
  }
  add_scores(after_contexts, first);
  if (!runs.empty()) {
    add_scores(session->extend(parents, runs), others);
  }
}

}  // namespace

std::vector<std::vector<ContinuationScore>> score_continuations(
    const Generator& model, std::span<const Continuations> items, const ForwardContext& context) {
  std::vector<std::vector<ContinuationScore>> scores(items.size());
  for (std::size_t begin = 0; begin < items.size();) {
    std::vector<const Continuations*> batch;
    std::vector<std::vector<ContinuationScore>*> into;
    std::size_t tokens = 0, awaited = 0;
    for (; begin < items.size(); ++begin) {
      const Continuations& item = items[begin];
      check(!item.context.empty() && !item.endings.empty(), "an item without context or endings");
      tokens += item.context.size();
      for (const std::vector<int>& ending : item.endings) {
        awaited += ending.size();
      }
      if (!batch.empty() && (tokens > context_limit || awaited > ending_limit)) {
        break;
      }
      batch.push_back(&item);
      into.push_back(&scores[begin]);
    }
    score_batch(model, batch, into, context);
  }
  return scores;
}

}  // namespace heed
