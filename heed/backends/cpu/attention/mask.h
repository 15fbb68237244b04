// Who sees whom in a tile of scores, as bits: found from bounds, so that a query is never compared
// with a key one by one (but for segments that alternate).
#pragma once

#include <cstdint>

#include "heed/kernels/attention_plan.h"

namespace heed::cpu {

// A run of queries or keys of one sequence.
struct Span {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};

// Of `keys` keys, those outside of this span are seen by none of the queries at these positions; it
// may be empty. For a single query all in it are seen, but for dilation and segments, or if a
// prefix ends before it.
Span seen_keys(const AttentionPlan& plan, Span positions, std::int64_t keys,
               std::int64_t prefix = 0);
// The same for queries of a sequence.
Span seen_keys(const AttentionPlan& plan, std::size_t sequence, Span queries);

enum class TileSight : std::uint8_t {
  none,   // no query sees a key
  all,    // all see all
  mixed,  // see the bits
};

// Bit i of visible[j]: whether query queries.begin + i sees key keys.begin + j; up to 64 of each.
// Only written when the result is `mixed`.
TileSight look_at_tile(const AttentionPlan& plan, std::size_t sequence, Span queries, Span keys,
                       std::uint64_t* visible);

}  // namespace heed::cpu
