#include "heed/models/source_memory.h"

#include <algorithm>
#include <map>

namespace heed {

void SourceMemory::add(const Sequences& sources) {
  // What rows still refer to, each source once.
  std::vector<std::int32_t> listed;
  std::map<std::int32_t, std::int32_t> moved;  // begin before → begin now
  for (std::size_t row = 0; row < begin_.size(); ++row) {
    const std::int32_t length = end_[row] - begin_[row];
    const auto [place, is_new] =
        moved.emplace(begin_[row], static_cast<std::int32_t>(listed.size()));
    if (is_new) {
      listed.insert(listed.end(), listed_.begin() + begin_[row], listed_.begin() + end_[row]);
    }
    begin_[row] = place->second;
    end_[row] = place->second + length;
  }
  first_ = slots_.take(sources.tokens(), 0, listed);
  std::fill(views_.begin(), views_.end(), KeysAndValues());
  const auto before = static_cast<std::int32_t>(listed.size());
  for (std::size_t i = 0; i + 1 < sources.offsets.size(); ++i) {
    begin_.push_back(before + sources.offsets[i]);
    end_.push_back(before + sources.offsets[i + 1]);
  }
  for (std::int64_t token = 0; token < sources.tokens(); ++token) {
    listed.push_back(static_cast<std::int32_t>(first_ + token));
  }
  listed_ = std::move(listed);
  longest_ = std::max(longest_, sources.longest());
}

void SourceMemory::advance(std::span<const std::int32_t> parents) {
  std::vector<std::int32_t> begin, end;
  for (const std::int32_t parent : parents) {
    begin.push_back(begin_[static_cast<std::size_t>(parent)]);
    end.push_back(end_[static_cast<std::size_t>(parent)]);
  }
  begin_ = std::move(begin);
  end_ = std::move(end);
}

SourceQueries SourceMemory::queries_of(const KeyValueCache& cache) const {
  SourceQueries queries{.tokens = cache.tokens(), .places = cache.places(), .reach = cache.reach()};
  for (const std::int32_t row : cache.rows_of_tokens()) {
    queries.begin.push_back(begin_[static_cast<std::size_t>(row)]);
    queries.end.push_back(end_[static_cast<std::size_t>(row)]);
  }
  return queries;
}

Tensor SourceMemory::attend(std::size_t layer, const CrossAttention& attention, const Tensor& x,
                            const SourceQueries& queries, const PositionEncoding* positions,
                            ForwardContext& context) {
  KeysAndValues& views = views_[layer];
  if (!views.keys.defined()) {
    const Tensor& kept = slots_.of(layer, attention.core().kept_width(), x);
    views = {attention.core().keys_of(kept), attention.core().values_of(kept)};
  }
  const Tensor attended =
      attention.core().attend_cached(attention.project_q(x, context), queries.tokens,
                                     {.keys = views.keys,
                                      .values = views.values,
                                      .slots = listed_,
                                      .begin = queries.begin,
                                      .end = queries.end,
                                      .places = queries.places},
                                     std::max(queries.reach, longest_), positions, context);
  return attention.project_out(attended, context);
}

}  // namespace heed
