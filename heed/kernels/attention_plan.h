// What an attention call has to do, as plain data: who sees whom, how pairs are scored, how scores
// become weights. Everything here composes with everything else, except where a comment says no.
//
// Sequences lie one after the other without padding: sequence s has queries
// query_offsets[s] … query_offsets[s+1]-1 and keys key_offsets[s] … key_offsets[s+1]-1 (rows of the
// operands). Padding masks do not exist.
//
// Thread-safety: plain values and pure functions: any thread, at any time.
#pragma once

#include <cstdint>
#include <span>

#include "heed/kernels/dropout.h"
#include "heed/kernels/matmul.h"

namespace heed {

// How a query and a key are compared. `scale` multiplies all but `additive`.
enum class AttentionScorer : std::uint8_t {
  dot,       // q·k
  gaussian,  // -|q - k|² / 2, a Nadaraya-Watson kernel
  additive,  // w·tanh(q + k), w = AttentionTerms::additive (Bahdanau et al., 2015)
};

// How the scores of a query become weights.
enum class AttentionNormalizer : std::uint8_t {
  softmax,
  sparsemax,  // the Euclidean projection onto the simplex (Martins & Astudillo, 2016)
  hard,       // 1 at the largest score (the first of equal ones), 0 elsewhere; the gradient is that
              // of the softmax (straight-through)
};

struct AttentionPlan {
  std::span<const std::int32_t> query_offsets;  // [sequences + 1], starts with 0
  std::span<const std::int32_t> key_offsets;    // [sequences + 1]
  int heads = 1;
  int key_heads = 1;  // heads of keys and values; divides heads; head h reads key head
                      // h / (heads / key_heads)
  float scale = 1;    // of the scores, usually 1/sqrt(head size)

  // Where queries stand: query i of sequence s is at position query_starts[s] + i, key j at j. When
  // empty, the start is keys - queries if causal (the last query is at the last key: a step with a
  // cache is the last row of the whole), else 0.
  std::span<const std::int32_t> query_starts;  // [sequences] or empty

  // Who sees whom, by the distance = position of the key - position of the query. A key is seen
  // when all of these allow it.
  bool causal = false;            // distance <= 0, or the key is in the prefix
  std::int32_t reach_back = -1;   // distance >= -reach_back; negative: no limit
  std::int32_t reach_ahead = -1;  // distance <= reach_ahead; negative: no limit
  std::int32_t dilation = 1;      // distance is a multiple of this
  // (position + block_shift) / block is the same for both; 0: no blocks. Layers that alternate
  // between the shifts 0 and block / 2 have shifted windows.
  std::int32_t block = 0;
  std::int32_t block_shift = 0;
  // Keys 0 … prefix[s]-1 are seen whatever `causal` says; empty: none.
  std::span<const std::int32_t> prefix;  // [sequences] or empty
  // Rows see rows of the same segment only: packed documents, the regions of a shifted image.
  std::span<const std::int32_t> query_segments, key_segments;  // [rows] or empty, both or none

  AttentionScorer scorer = AttentionScorer::dot;
  AttentionNormalizer normalizer = AttentionNormalizer::softmax;
  float soft_cap = 0;  // score = soft_cap · tanh(score / soft_cap), biases included; 0: none
  // The hard normalizer picks the largest of score + noise, and its gradient is that of
  // softmax((score + noise) / temperature) (Jang et al., 2017). With gumbel, noise = -log(-log u),
  // u = (b + 1/2) / 65536, b the 16 bits that `gumbel_stream` draws for the element (numbered as
  // those of `dropout`; its rate does not count); else the noise is 0.
  bool gumbel = false;
  DropoutStream gumbel_stream;
  float temperature = 1;

  // On the weights, after the normalizer. The element of query row r (key from row_keys), head h,
  // key j of its sequence is column ((j / 16) * ceil(heads / 8) + h / 8) * 128 + (h % 8) * 16 +
  // j % 16 of DropoutStream: eight heads share the blocks.
  DropoutStream dropout;
  MatmulPrecision precision = MatmulPrecision::float32;

  std::int64_t queries(std::size_t s) const { return query_offsets[s + 1] - query_offsets[s]; }
  std::int64_t keys(std::size_t s) const { return key_offsets[s + 1] - key_offsets[s]; }
  // The position of query 0 of sequence s.
  std::int64_t query_start(std::size_t s) const {
    if (!query_starts.empty()) {
      return query_starts[s];
    }
    return causal ? keys(s) - queries(s) : 0;
  }
  // Whether query i of sequence s sees its key j: the definition, which loops may narrow.
  bool sees(std::size_t s, std::int64_t i, std::int64_t j) const;
  // Whether anything but `causal` decides who sees whom.
  bool masks_beyond_causal() const {
    return reach_back >= 0 || reach_ahead >= 0 || dilation > 1 || block > 0 || !prefix.empty() ||
           !query_segments.empty();
  }
};

inline bool AttentionPlan::sees(std::size_t s, std::int64_t i, std::int64_t j) const {
  const std::int64_t position = query_start(s) + i;
  const std::int64_t distance = j - position;
  if (causal && distance > 0 && (prefix.empty() || j >= prefix[s])) {
    return false;
  }
  if ((reach_back >= 0 && distance < -reach_back) || (reach_ahead >= 0 && distance > reach_ahead) ||
      distance % dilation != 0) {
    return false;
  }
  if (block > 0 && (position + block_shift) / block != (j + block_shift) / block) {
    return false;
  }
  return query_segments.empty() || query_segments[static_cast<std::size_t>(query_offsets[s] + i)] ==
                                       key_segments[static_cast<std::size_t>(key_offsets[s] + j)];
}

inline std::int64_t attention_dropout_column(int heads, int head, std::int64_t key) {
  return ((key / 16) * ((heads + 7) / 8) + head / 8) * 128 + (head % 8) * 16 + key % 16;
}

// The learned operands of scores and weights beyond q, k and v, each optional (undefined: absent).
// V is ConstView for operands, View for their gradients, Tensor for ops.
//
// With distance t = clamp(position of key - position of query, -r, r), the score of a pair is
//   soft_cap(mix_scores · [scale · compare(q, k) + distance_bias[h, t + r] + table_bias[h, i, j]
//                          + scale · q·key_vectors[t + r] + contextual])
// and the output is Σ_j weight_j · (v_j + value_vectors[t + r]).
template <typename V>
struct AttentionTerms {
  // [heads, 2r+1]: ALiBi's slopes times distances, T5's buckets spread over distances.
  V distance_bias;
  // [heads, queries, keys]: Swin's. Every sequence of the call has these many queries and keys.
  V table_bias;
  // [2r+1, head_size] and [2r+1, value_size], or [heads · (2r+1), …] with one table per head, head
  // by head: Shaw's. Either may be absent; their r need not be that of distance_bias. An odd number
  // of heads > 1 has its tables as [heads, 2r+1, …], to tell them from a shared one.
  V key_vectors, value_vectors;
  // [1, heads]: a score that takes part in the softmax and has no value (attention sinks).
  V sinks;
  // [heads, head_size]: w of the additive scorer; required by it.
  V additive;
  // [heads, heads], row: the head that results, column: the head it is made of. Talking heads
  // (Shazeer et al., 2020): before the normalizer and after it.
  V mix_scores, mix_weights;
  // [positions, head_size]: contextual positions (Golovneva et al., 2024). With gates g_ij =
  // sigmoid(scale·q_i·k_j) over the keys that i sees, position p_ij = min(Σ_{t >= j} g_it,
  // positions - 1) counts from j up to the last key that i sees; the term is the interpolation
  // between q_i·contextual[floor p] and q_i·contextual[ceil p].
  V contextual;

  void visit_views(auto&& visit) const {
    visit(distance_bias, table_bias, key_vectors, value_vectors, sinks, additive, mix_scores,
          mix_weights, contextual);
  }
};

// Calls visit(name, term of each…) for every term of one or more AttentionTerms.
template <typename Visit, typename... Terms>
void visit_terms(Visit&& visit, Terms&&... terms) {
  visit("distance_bias", terms.distance_bias...);
  visit("table_bias", terms.table_bias...);
  visit("key_vectors", terms.key_vectors...);
  visit("value_vectors", terms.value_vectors...);
  visit("sinks", terms.sinks...);
  visit("additive", terms.additive...);
  visit("mix_scores", terms.mix_scores...);
  visit("mix_weights", terms.mix_weights...);
  visit("contextual", terms.contextual...);
}

// The r of a table of 2r+1 distances (rows or columns).
inline std::int64_t distance_reach(std::int64_t width) {
  return (width - 1) / 2;
}

// Whether key_vectors or value_vectors hold one table per head.
inline bool vectors_per_head(const ConstView& table) {
  return table.shape.rank() == 3 || table.rows() % 2 == 0;
}
// The r of key_vectors or value_vectors.
inline std::int64_t vectors_reach(const ConstView& table, int heads) {
  return distance_reach(vectors_per_head(table) ? table.rows() / heads : table.rows());
}

// Whether weights can be computed while the keys pass by once (with contextual positions from the
// last on): softmax of scores of one head alone. The rest needs all scores of a query at a time.
bool carried_by_online_softmax(const AttentionPlan& plan, const AttentionTerms<ConstView>& terms);

}  // namespace heed
