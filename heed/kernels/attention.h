// Attention over packed sequences, forward and backward, never writing a length × length matrix
// unless a trace asks for it. AttentionPlan says what to do.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include "heed/kernels/attention_plan.h"
#include "heed/kernels/kernel.h"

namespace heed {

// out[i, h] = Σ_j dropout(softmax_j(scale · q[i, h]·k[j, h])) v[j, h], and what the plan and the
// terms add to it.
//   q: [query rows, heads · head_size], k: [key rows, key_heads · head_size], v: [key rows,
//   key_heads · value_size], out: [query rows, heads · value_size], all with free row strides
//   (slices of a fused projection). log_sum_exp: [query rows, heads] (float32/64), or undefined
//   when no backward pass will follow; of the scores as they enter the softmax, sinks included
//   (other normalizers leave it alone). weights: undefined, or one [queries of s, keys of s] matrix
//   per head and sequence, one after the other in the order sequence, head: the weights before
//   dropout; masked ones are exactly 0. A query that sees no key gives 0 (and log_sum_exp -inf).
struct AttentionForward {
  ConstView q, k, v;
  AttentionTerms<ConstView> terms;
  View out, log_sum_exp, weights;

  void visit_views(auto&& visit) const { visit(q, k, v, terms, out, log_sum_exp, weights); }
};
inline KernelSlot<void(ExecutionContext&, const AttentionPlan&, const AttentionForward&)>
    attention_forward{"attention_forward"};

// With p the weights, m the dropout mask·scale, P = m ⊙ p:
//   dv = Pᵀ dout;  dp = m ⊙ (dout vᵀ);  ds = p ⊙ (dp - rowsum(dout ⊙ out));  dq = scale·ds k;
//   dk = scale·dsᵀ q          (Dao et al., "FlashAttention", 2022, section B.2).
// dq, dk, dv and the gradients of terms are replaced (not accumulated); free row strides. The
// gradient of a term may be undefined: nobody wants it.
struct AttentionBackward {
  ConstView q, k, v;
  AttentionTerms<ConstView> terms;
  ConstView out, log_sum_exp, dout;
  View dq, dk, dv;
  AttentionTerms<View> dterms;

  void visit_views(auto&& visit) const {
    visit(q, k, v, terms, out, log_sum_exp, dout, dq, dk, dv, dterms);
  }
};
inline KernelSlot<void(ExecutionContext&, const AttentionPlan&, const AttentionBackward&)>
    attention_backward{"attention_backward"};

// One decoding step over a cache that is never copied when beams are reordered.
//   q, out: [rows, heads · size], one query a row. keys, values: [slots, key_heads · size].
//   Row r sees entries begin[r] … end[r]-1 of `slots` (an index into keys and values each); entry
//   begin[r] + j is the key at position j, the query stands at positions[r].
// Of the plan everything holds but offsets, starts, prefix, segments and dropout, which are empty.
struct CachedAttention {
  AttentionPlan plan;
  ConstView q, keys, values;
  AttentionTerms<ConstView> terms;
  std::span<const std::int32_t> slots;
  std::span<const std::int32_t> begin, end, positions;  // [rows]
  View out;

  void visit_views(auto&& visit) const { visit(q, keys, values, terms, out); }
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
