#include "heed/models/key_value_cache.h"

#include <algorithm>

#include "heed/base/error.h"

namespace heed {

namespace {

// Slots for so many steps of as many rows are taken at a time.
constexpr std::int64_t steps_at_a_time = 12;

}  // namespace

Tensor last_states(const Tensor& x, const Sequences& sequences) {
  if (sequences.count() == sequences.tokens()) {
    return x;  // a token each
  }
  const Tensor result = Tensor::empty({sequences.count(), x.size(1)}, x.dtype(), x.device());
  for (std::int64_t s = 0; s < sequences.count(); ++s) {
    const std::int64_t end = sequences.offsets[static_cast<std::size_t>(s) + 1];
    result.rows(s, s + 1).copy_from(x.rows(end - 1, end));
  }
  return result;
}

JoinedRuns joined_runs(std::span<const std::span<const std::int32_t>> runs) {
  JoinedRuns joined;
  for (const std::span<const std::int32_t> run : runs) {
    joined.ids.insert(joined.ids.end(), run.begin(), run.end());
    joined.counts.push_back(static_cast<std::int32_t>(run.size()));
  }
  return joined;
}

void KeyValueCache::add(const Sequences& prompts) {
  check(prompts.count() > 0, "decoding: no prompts");
  rows_of_tokens_.clear();
  places_.clear();
  for (std::size_t i = 0; i + 1 < prompts.offsets.size(); ++i) {
    const std::int32_t length = prompts.offsets[i + 1] - prompts.offsets[i];
    check(length > 0, "decoding: prompt {} has no tokens", i);
    for (std::int32_t place = 0; place < length; ++place) {
      rows_of_tokens_.push_back(static_cast<std::int32_t>(rows() + static_cast<std::int64_t>(i)));
      places_.push_back(place);
    }
  }
  first_ = slots_.take(prompts.tokens(), (steps_at_a_time - 1) * prompts.count(), histories_);
  const auto before = static_cast<std::int32_t>(histories_.size());
  for (std::size_t i = 0; i + 1 < prompts.offsets.size(); ++i) {
    begin_.push_back(before + prompts.offsets[i]);
    end_.push_back(before + prompts.offsets[i + 1]);
  }
  for (std::int64_t token = 0; token < prompts.tokens(); ++token) {
    histories_.push_back(static_cast<std::int32_t>(first_ + token));
  }
  prefill_ = true;
  reach_ = prompts.longest();
  tokens_ = prompts;
}

void KeyValueCache::advance(std::span<const std::int32_t> parents,
                            std::span<const std::int32_t> counts) {
  check(!parents.empty(), "decoding: no rows");
  check(parents.size() == counts.size(), "decoding: {} parents and {} rows", parents.size(),
        counts.size());
  std::size_t entries = 0;
  for (std::size_t row = 0; row < parents.size(); ++row) {
    const std::int64_t parent = parents[row];
    check(parent >= 0 && parent < rows(), "decoding: row {} continues row {} of {}", row, parent,
          rows());
    check(counts[row] > 0, "decoding: row {} goes on without tokens", row);
    const auto p = static_cast<std::size_t>(parent);
    entries += static_cast<std::size_t>(end_[p] - begin_[p] + counts[row]);
  }
  std::vector<std::int32_t> histories, begin, end;
  histories.reserve(entries);
  rows_of_tokens_.clear();
  places_.clear();
  seen_from_.clear();
  seen_to_.clear();
  for (std::size_t row = 0; row < parents.size(); ++row) {
    const auto p = static_cast<std::size_t>(parents[row]);
    begin.push_back(static_cast<std::int32_t>(histories.size()));
    histories.insert(histories.end(), histories_.begin() + begin_[p], histories_.begin() + end_[p]);
    for (std::int32_t token = 0; token < counts[row]; ++token) {
      histories.push_back(-1);
      rows_of_tokens_.push_back(static_cast<std::int32_t>(row));
      places_.push_back(end_[p] - begin_[p] + token);
      seen_from_.push_back(begin.back());
      seen_to_.push_back(static_cast<std::int32_t>(histories.size()));
    }
    end.push_back(static_cast<std::int32_t>(histories.size()));
  }
  const auto count = static_cast<std::int64_t>(places_.size());
  const auto rows = static_cast<std::int64_t>(parents.size());
  first_ = slots_.take(count, (steps_at_a_time - 1) * rows, histories);
  for (std::size_t token = 0; token < seen_to_.size(); ++token) {
    histories[static_cast<std::size_t>(seen_to_[token]) - 1] =
        static_cast<std::int32_t>(first_) + static_cast<std::int32_t>(token);
  }
  histories_ = std::move(histories);
  begin_ = std::move(begin);
  end_ = std::move(end);
  prefill_ = false;
  reach_ = *std::max_element(places_.begin(), places_.end()) + 1;
  tokens_ = Sequences();
  tokens_.positions = id_tensor(places_);
}

Tensor KeyValueCache::attend(std::size_t layer, const SelfAttention& attention, const Tensor& x,
                             const PositionEncoding* positions, ForwardContext& context,
                             const Tensor& values) {
  const Tensor cache = slots_.of(layer, attention.core().kept_width(), x);
  const Tensor kept = cache.rows(first_, first_ + x.size(0));
  if (prefill_) {
    return attention.prefill(x, kept, tokens_, positions, context, values);
  }
  const Tensor queries = attention.project(x, kept, tokens_, reach_, positions, context, values);
  const Tensor attended =
      attention.core().attend_cached(queries, tokens_,
                                     {.keys = attention.core().keys_of(cache),
                                      .values = attention.core().values_of(cache),
                                      .slots = histories_,
                                      .begin = seen_from_,
                                      .end = seen_to_,
                                      .places = places_},
                                     reach_, positions, context);
  return attention.project_out(attended, context);
}

}  // namespace heed
