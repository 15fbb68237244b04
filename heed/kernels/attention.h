// Attention over packed sequences, forward and backward, never writing a length × length matrix
// unless a trace asks for it.
//
// Sequences lie one after the other without padding: sequence s has queries
// query_offsets[s] … query_offsets[s+1]-1 and keys key_offsets[s] … key_offsets[s+1]-1 (rows of the
// tensors below). Padding masks do not exist; a causal mask is a flag.
#pragma once

#include <cstdint>
#include <span>

#include "heed/kernels/dropout.h"
#include "heed/kernels/kernel.h"
#include "heed/kernels/matmul.h"

namespace heed {

// What to do, as plain data.
struct AttentionPlan {
  std::span<const std::int32_t> query_offsets;  // [sequences + 1], starts with 0
  std::span<const std::int32_t> key_offsets;    // [sequences + 1]
  int heads = 1;
  int key_heads = 1;  // heads of keys and values; divides heads; head h reads key head
                      // h / (heads / key_heads)
  float scale = 1;    // of the scores, usually 1/sqrt(head size)
  // Query i of a sequence (counted from 0 in this call) sees keys j <= i + (keys - queries): the
  // last query sees every key, so a step with a cache is the last row of the whole.
  bool causal = false;
  // On the weights, after the softmax. The element of query row r (key from row_keys), head h, key
  // j of its sequence is column ((j / 16) * ceil(heads / 8) + h / 8) * 128 + (h % 8) * 16 + j % 16
  // of DropoutStream: eight heads share the blocks.
  DropoutStream dropout;
  MatmulPrecision precision = MatmulPrecision::float32;
};

inline std::int64_t attention_dropout_column(int heads, int head, std::int64_t key) {
  return ((key / 16) * ((heads + 7) / 8) + head / 8) * 128 + (head % 8) * 16 + key % 16;
}

// The number of keys that query i of a sequence sees: the first ones.
inline std::int64_t visible_keys(bool causal, std::int64_t query, std::int64_t queries,
                                 std::int64_t keys) {
  const std::int64_t count = causal ? query + 1 + keys - queries : keys;
  return count < 0 ? 0 : count;
}

// out[i, h] = Σ_j dropout(softmax_j(scale · q[i, h]·k[j, h])) v[j, h].
//   q: [query rows, heads · head_size], k: [key rows, key_heads · head_size], v: [key rows,
//   key_heads · value_size], out: [query rows, heads · value_size], all with free row strides
//   (slices of a fused projection). log_sum_exp: [query rows, heads] (float32/64), or undefined
//   when no backward pass will follow. weights: undefined, or one [queries of s, keys of s] matrix
//   per head and sequence, one after the other in the order sequence, head: the weights before
//   dropout; masked ones are exactly 0. A query that sees no key gives 0 (and log_sum_exp -inf).
struct AttentionForward {
  ConstView q, k, v;
  View out, log_sum_exp, weights;
};
inline KernelSlot<void(ExecutionContext&, const AttentionPlan&, const AttentionForward&)>
    attention_forward{"attention_forward"};

// With p the weights, m the dropout mask·scale, P = m ⊙ p:
//   dv = Pᵀ dout;  dp = m ⊙ (dout vᵀ);  ds = p ⊙ (dp - rowsum(dout ⊙ out));  dq = scale·ds k;
//   dk = scale·dsᵀ q          (Dao et al., "FlashAttention", 2022, section B.2).
// dq, dk, dv are replaced (not accumulated); free row strides.
struct AttentionBackward {
  ConstView q, k, v, out, log_sum_exp, dout;
  View dq, dk, dv;
};
inline KernelSlot<void(ExecutionContext&, const AttentionPlan&, const AttentionBackward&)>
    attention_backward{"attention_backward"};

// One decoding step over a cache that is never copied when beams are reordered.
//   q, out: [rows, heads · size], one query a row. keys, values: [slots, key_heads · size].
//   Row r sees entries begin[r] … end[r]-1 of `slots` (an index into keys and values each).
struct CachedAttention {
  ConstView q, keys, values;
  std::span<const std::int32_t> slots;
  std::span<const std::int32_t> begin, end;  // [rows]
  int heads = 1;
  int key_heads = 1;
  float scale = 1;
  View out;
};
inline KernelSlot<void(ExecutionContext&, const CachedAttention&)> cached_attention{
    "cached_attention"};

// What the shapes of a call say. The functions below throw Error{failure} when they disagree with
// each other or with the plan, naming the tensor; every backend calls them first.
struct AttentionSizes {
  std::int64_t sequences = 0;
  std::int64_t queries = 0;  // rows of q
  std::int64_t keys = 0;     // rows of k and v
  std::int64_t head_size = 0;
  std::int64_t value_size = 0;
};
AttentionSizes check_attention(const AttentionPlan& plan, const AttentionForward& io);
AttentionSizes check_attention(const AttentionPlan& plan, const AttentionBackward& io);
// Also checks every entry of `slots` that a row sees.
AttentionSizes check_attention(const CachedAttention& io);

}  // namespace heed
