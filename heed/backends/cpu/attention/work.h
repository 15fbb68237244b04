// How attention is cut into work, for all instruction sets alike: pieces by the sizes of the
// sequences alone, so that neither the number of threads nor the rest of the batch changes a bit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "heed/backends/cpu/attention/mask.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/attention.h"

namespace heed::cpu {

// A tile of scores has up to 64 queries, in groups of 16 that fill the lanes of vectors, and up to
// 64 keys: 16 KiB, so that two of them and their operands stay in the caches next to the core.
inline constexpr std::int64_t attention_tile = 64;
inline constexpr std::int64_t attention_lanes = 16;

// The size of the pieces, as even as can be, that cut `length` into pieces of at most
// attention_tile; a multiple of `multiple`.
inline std::int64_t attention_piece(std::int64_t length, std::int64_t multiple) {
  const std::int64_t pieces =
      std::max<std::int64_t>(1, (length + attention_tile - 1) / attention_tile);
  const std::int64_t size = std::max<std::int64_t>(1, (length + pieces - 1) / pieces);
  return (size + multiple - 1) / multiple * multiple;
}

// Part `part` of one sequence for the heads head_begin … head_end-1: a piece of its queries
// (forward) or one of BackwardParts.
struct AttentionItem {
  std::int32_t sequence = 0;
  std::int32_t head_begin = 0, head_end = 0;
  std::int32_t part = 0;
  std::int32_t task = 0;
};

// Items in their order; task t runs items task_begin[t] … task_begin[t + 1]-1.
struct AttentionWork {
  std::vector<AttentionItem> items;
  std::vector<std::int32_t> task_begin;
};

// A query block per item.
AttentionWork forward_work(const AttentionPlan& plan, const AttentionSizes& sizes);
// A part of a sequence per item (BackwardParts). When gradients of terms are wanted, of which each
// task sums its own part, tasks are few; with that of table_bias each has neighbouring heads and
// keys.
AttentionWork backward_work(const AttentionPlan& plan, const AttentionSizes& sizes,
                            const AttentionTerms<ConstView>& terms,
                            const AttentionTerms<View>& dterms);

// The parts of the backward pass: one up to a length of 512, at most 4. Each sums dk and dv of a
// chunk of the keys over all queries, and its own part of dq. With contextual positions, which need
// all keys of a query at a time, each has a chunk of the queries and sums its own dk and dv.
class BackwardParts {
 public:
  BackwardParts(const AttentionPlan& plan, bool contextual, std::size_t sequence);
  std::int64_t count() const { return count_; }
  Span queries(std::int64_t part) const { return contextual_ ? chunk(part) : Span{0, queries_}; }
  Span keys(std::int64_t part) const { return contextual_ ? Span{0, keys_} : chunk(part); }

 private:
  Span chunk(std::int64_t part) const {
    return {part * size_, std::min(contextual_ ? queries_ : keys_, (part + 1) * size_)};
  }
  bool contextual_;
  std::int64_t queries_, keys_;
  std::int64_t count_ = 1;
  std::int64_t size_ = 0;  // a multiple of the piece of the queries or keys
};

// Uninitialised floats on a cache line of their own, valid until the thread's next call.
float* attention_scratch(std::size_t floats);

// Hands out parts of one allocation; the first pass, over null, only counts.
class ScratchCutter {
 public:
  explicit ScratchCutter(float* memory) : memory_(memory) {}
  float* take(std::int64_t floats) {
    float* part = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += (static_cast<std::size_t>(floats) + 15) / 16 * 16;
    return part;
  }
  std::size_t used() const { return used_; }

 private:
  float* memory_;
  std::size_t used_ = 0;
};

// Vectors by clamped distance.
struct DistanceVectors {
  ConstRows rows;
  std::int64_t reach = 0;
  std::int64_t head_rows = 0;  // from one head to the next; 0 when all share a table
  bool defined() const { return rows.defined(); }
  const float* at(int head, std::int64_t distance) const {
    return rows[head * head_rows + distance + reach];
  }
};

// Rows of a head of keys or values.
struct HeadRows {
  const float* data = nullptr;
  std::int64_t stride = 0;       // from row to row
  std::int64_t head_stride = 0;  // from head to head
  std::int64_t columns = 0;      // that may be read of a row

  const float* at(std::int64_t row, std::int64_t head) const {
    return data + row * stride + head * head_stride;
  }
};

// The terms that tiles take into account.
struct TermRows {
  ConstRows distance_bias;
  std::int64_t bias_reach = 0;
  const float* table_bias = nullptr;
  std::int64_t table_head_stride = 0, table_query_stride = 0;
  DistanceVectors key_vectors, value_vectors;
  const float* sinks = nullptr;
  ConstRows contextual;
  std::int64_t contextual_positions = 0;

  TermRows(const AttentionPlan& plan, const AttentionTerms<ConstView>& terms);
  const float* table_row(int head, std::int64_t query) const {
    return table_bias + head * table_head_stride + query * table_query_stride;
  }
  const float* sink(int head) const { return sinks == nullptr ? nullptr : sinks + head; }
};

struct TaskGradients;

// The operands of a call as rows of floats.
struct ForwardCall {
  const AttentionPlan& plan;
  AttentionSizes sizes;
  ConstRows q;
  HeadRows k, v;
  TermRows terms;
  Rows out, log_sum_exp;
  float* weights = nullptr;
  std::vector<std::int64_t> weights_begin;  // per sequence; empty without weights
};
struct BackwardCall {
  const AttentionPlan& plan;
  AttentionSizes sizes;
  ConstRows q;
  HeadRows k, v;
  ConstRows out, log_sum_exp, dout;
  TermRows terms;
  Rows dq, dk, dv;
  const TaskGradients* task_gradients = nullptr;  // of each task; null: none are wanted
  // Part c >= 1 of sequence s sums its dq, or dk followed by dv, at partial(s, c), without gaps.
  float* partial_sums = nullptr;
  std::vector<std::int64_t> partial_begin;

  bool contextual() const { return terms.contextual.defined(); }
  // The floats of a partial sum of a sequence.
  std::int64_t partial_size(std::size_t s) const {
    return contextual() ? plan.keys(s) * plan.key_heads * (sizes.head_size + sizes.value_size)
                        : plan.queries(s) * plan.heads * sizes.head_size;
  }
  float* partial(std::size_t s, std::int64_t part) const {
    return partial_sums + partial_begin[s] + (part - 1) * partial_size(s);
  }
};
struct CachedCall {
  const CachedAttention& io;
  AttentionSizes sizes;
  ConstRows q, keys, values;
  TermRows terms;
  Rows out;
};

void run_forward_item(const ForwardCall& call, const AttentionItem& item);
void run_backward_item(const BackwardCall& call, const AttentionItem& item);
// The same with contextual positions.
void run_contextual_backward_item(const BackwardCall& call, const AttentionItem& item);
// Parts begin … end-1: part r · key_heads + g is row r for the heads that read key head g.
void run_cached_heads(const CachedCall& call, std::int64_t begin, std::int64_t end);

}  // namespace heed::cpu
