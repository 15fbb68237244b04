#include "heed/backends/cpu/attention/mask.h"

#include <algorithm>

namespace heed::cpu {

namespace {

// The numbers x with x / block == quotient, a division that rounds towards 0.
Span dividends(std::int64_t quotient, std::int64_t block) {
  return {quotient * block - (quotient > 0 ? 0 : block - 1),
          quotient * block + (quotient < 0 ? 1 : block)};
}

// Bits `begin` … end - 1 of a word; the bounds may lie outside.
std::uint64_t bits_of(Span span) {
  const std::int64_t begin = std::clamp<std::int64_t>(span.begin, 0, 64);
  const std::int64_t end = std::clamp<std::int64_t>(span.end, 0, 64);
  if (begin >= end) {
    return 0;
  }
  return (~std::uint64_t{0} >> (64 - (end - begin))) << begin;
}

Span intersection(Span a, Span b) {
  return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

class TileLook {
 public:
  TileLook(const AttentionPlan& plan, std::size_t sequence, Span queries, Span keys)
      : plan_(plan),
        queries_(queries),
        keys_(keys),
        start_(plan.query_start(sequence) + queries.begin),
        prefix_(plan.prefix.empty() ? 0 : plan.prefix[sequence]),
        nearest_(keys.begin - (start_ + queries.size() - 1)),
        farthest_(keys.end - 1 - start_) {
    if (!plan.query_segments.empty()) {
      query_segments_ = plan.query_segments.data() + plan.query_offsets[sequence] + queries.begin;
      key_segments_ = plan.key_segments.data() + plan.key_offsets[sequence] + keys.begin;
    }
  }

  TileSight by_bounds() {
    look_at_distances();
    if (plan_.block > 0) {
      look_at_blocks();
    }
    if (query_segments_ != nullptr) {
      look_at_segments();
    }
    return none_ ? TileSight::none : all_ ? TileSight::all : TileSight::mixed;
  }

  TileSight by_bits(std::uint64_t* visible) {
    const std::uint64_t everyone = bits_of({0, queries_.size()});
    std::uint64_t any = 0;
    std::uint64_t all = everyone;
    for (std::int64_t j = 0; j < keys_.size(); ++j) {
      visible[j] = everyone & bits_of(seeing_queries(keys_.begin + j));
      if (plan_.dilation > 1) {
        visible[j] &= dilated_queries(keys_.begin + j);
      }
      if (query_segments_ != nullptr) {
        visible[j] &= same_segment(j);
      }
      any |= visible[j];
      all &= visible[j];
    }
    return any == 0 ? TileSight::none : all == everyone ? TileSight::all : TileSight::mixed;
  }

 private:
  void look_at_distances() {
    if (plan_.causal) {
      none_ = none_ || (nearest_ > 0 && keys_.begin >= prefix_);
      all_ = all_ && (farthest_ <= 0 || keys_.end <= prefix_);
    }
    if (plan_.reach_back >= 0) {
      none_ = none_ || farthest_ < -plan_.reach_back;
      all_ = all_ && nearest_ >= -plan_.reach_back;
    }
    if (plan_.reach_ahead >= 0) {
      none_ = none_ || nearest_ > plan_.reach_ahead;
      all_ = all_ && farthest_ <= plan_.reach_ahead;
    }
    all_ = all_ && plan_.dilation == 1;
  }

  std::int64_t block_of(std::int64_t position) const {
    return (position + plan_.block_shift) / plan_.block;
  }
  void look_at_blocks() {
    const std::int64_t first = block_of(start_);
    const std::int64_t last = block_of(start_ + queries_.size() - 1);
    const std::int64_t first_key = block_of(keys_.begin);
    const std::int64_t last_key = block_of(keys_.end - 1);
    none_ = none_ || last_key < first || first_key > last;
    all_ = all_ && first == last && first_key == first && last_key == first;
  }

  void look_at_segments() {
    const auto [first, last] =
        std::minmax_element(query_segments_, query_segments_ + queries_.size());
    const auto [first_key, last_key] =
        std::minmax_element(key_segments_, key_segments_ + keys_.size());
    none_ = none_ || *last_key < *first || *first_key > *last;
    all_ = all_ && *first == *last && *first_key == *first && *last_key == *first;
  }

  // The queries, counted from the first of the tile, that see a key by causality, reach and block.
  Span seeing_queries(std::int64_t key) const {
    const std::int64_t same = key - start_;  // the query at the position of the key
    Span span{0, queries_.size()};
    if (plan_.causal && key >= prefix_) {
      span.begin = std::max(span.begin, same);
    }
    if (plan_.reach_back >= 0) {
      span.end = std::min(span.end, same + plan_.reach_back + 1);
    }
    if (plan_.reach_ahead >= 0) {
      span.begin = std::max(span.begin, same - plan_.reach_ahead);
    }
    if (plan_.block > 0) {
      const Span block = dividends(block_of(key), plan_.block);
      const std::int64_t shift = plan_.block_shift + start_;
      span = intersection(span, {block.begin - shift, block.end - shift});
    }
    return span;
  }

  std::uint64_t dilated_queries(std::int64_t key) const {
    const std::int64_t first = ((key - start_) % plan_.dilation + plan_.dilation) % plan_.dilation;
    std::uint64_t bits = 0;
    for (std::int64_t i = first; i < queries_.size(); i += plan_.dilation) {
      bits |= std::uint64_t{1} << i;
    }
    return bits;
  }

  std::uint64_t same_segment(std::int64_t j) {
    if (j == 0 || key_segments_[j] != key_segments_[j - 1]) {
      segment_bits_ = 0;
      for (std::int64_t i = 0; i < queries_.size(); ++i) {
        segment_bits_ |= std::uint64_t{query_segments_[i] == key_segments_[j]} << i;
      }
    }
    return segment_bits_;
  }

  const AttentionPlan& plan_;
  const Span queries_, keys_;
  const std::int64_t start_;  // the position of the first query
  const std::int64_t prefix_;
  const std::int64_t nearest_, farthest_;  // the least and the greatest distance in the tile
  const std::int32_t* query_segments_ = nullptr;
  const std::int32_t* key_segments_ = nullptr;
  std::uint64_t segment_bits_ = 0;
  bool none_ = false, all_ = true;
};

}  // namespace

Span seen_keys(const AttentionPlan& plan, Span positions, std::int64_t keys, std::int64_t prefix) {
  Span span{0, keys};
  if (plan.causal) {
    span.end = std::min(span.end, std::max(positions.end, prefix));
  }
  if (plan.reach_back >= 0) {
    span.begin = std::max(span.begin, positions.begin - plan.reach_back);
  }
  if (plan.reach_ahead >= 0) {
    span.end = std::min(span.end, positions.end + plan.reach_ahead);
  }
  if (plan.block > 0) {
    const std::int64_t shift = plan.block_shift;
    const Span first = dividends((positions.begin + shift) / plan.block, plan.block);
    const Span last = dividends((positions.end - 1 + shift) / plan.block, plan.block);
    span = intersection(span, {first.begin - shift, last.end - shift});
  }
  return {span.begin, std::max(span.begin, span.end)};
}

Span seen_keys(const AttentionPlan& plan, std::size_t sequence, Span queries) {
  const std::int64_t start = plan.query_start(sequence);
  return seen_keys(plan, {start + queries.begin, start + queries.end}, plan.keys(sequence),
                   plan.prefix.empty() ? 0 : plan.prefix[sequence]);
}

TileSight look_at_tile(const AttentionPlan& plan, std::size_t sequence, Span queries, Span keys,
                       std::uint64_t* visible) {
  TileLook look(plan, sequence, queries, keys);
  const TileSight sight = look.by_bounds();
  return sight == TileSight::mixed ? look.by_bits(visible) : sight;
}

}  // namespace heed::cpu
