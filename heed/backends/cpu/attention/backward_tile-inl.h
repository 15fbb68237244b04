// The steps of the backward pass for one tile, and what they keep for a block of queries. In which
// order tiles and heads are visited is up to the item.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "heed/backends/cpu/attention/backward_rows.h"

#if defined(HEED_BACKENDS_CPU_ATTENTION_BACKWARD_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_BACKWARD_TILE_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_BACKWARD_TILE_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_BACKWARD_TILE_INL_H_
#endif

#include "heed/backends/cpu/attention/differentiate-inl.h"
#include "heed/backends/cpu/attention/distance_gradients-inl.h"
#include "heed/backends/cpu/attention/dropout-inl.h"
#include "heed/backends/cpu/attention/gradients-inl.h"
#include "heed/backends/cpu/attention/guard-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// Tiles of weights, gradients, scores and slopes are [keys, columns].
class BackwardTiles {
 public:
  BackwardTiles(const BackwardCall& call, const AttentionItem& item)
      : at_(call, item),
        plan_(call.plan),
        terms_(call.plan, call.terms, call.sizes.head_size),
        wanted_(call.task_gradients == nullptr ? TaskGradients{} : call.task_gradients[item.task]),
        distances_(call, wanted_) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
    padded_head_ = (at_.head_size + lanes - 1) / lanes * lanes;
    padded_values_ = (at_.value_size + lanes - 1) / lanes * lanes;
  }

  const BackwardRows& at() const { return at_; }
  const TaskGradients& wanted() const { return wanted_; }

  void lay_out(ScratchCutter& cutter) {
    const std::int64_t slots = at_.slot_of(at_.item.head_end - 1) + 1;
    const std::int64_t queries = at_.query_piece;
    padded_keys_ =
        cutter.take(at_.call.k.columns < padded_head_ ? at_.key_piece * padded_head_ : 0);
    dense_queries_ =
        cutter.take(copies(padded_head_, at_.head_size) * slots * queries * padded_head_);
    dense_dout_ =
        cutter.take(copies(padded_values_, at_.value_size) * slots * queries * padded_values_);
    transposed_queries_ = cutter.take(slots * at_.head_size * queries);
    transposed_dout_ = cutter.take(slots * at_.value_size * queries);
    row_values_ = cutter.take(slots * 2 * attention_tile);
    term_scratch_ = cutter.take(terms_.scratch());
    distances_.lay_out(cutter, slots, at_.key_end - at_.key_begin, queries);
  }

  // dk and dv become zeros, unless the first tile of each head is going to write them.
  void start_keys(bool zero_keys) {
    zero_keys_ = zero_keys;
    if (zero_keys) {
      at_.clear_key_gradients();
    }
  }
  void start_queries(Span block) {
    distances_.start_queries({at_.start + block.begin, at_.start + block.end},
                             {at_.key_begin, at_.key_end});
  }

  // What all tiles of a head and a block of queries share.
  void prepare_head(const TileShape& shape, int head, std::int64_t query) {
    transpose_scaled(at_.q(head, query), at_.call.q.stride, shape.queries, at_.head_size,
                     plan_.scale * attention_log2_e, transposed_query(head), shape.columns);
    transpose_scaled(at_.dout(head, query), at_.call.dout.stride, shape.queries, at_.value_size,
                     1.0f, transposed_dout(head), shape.columns);
    if (copies(padded_head_, at_.head_size)) {
      pad_columns(at_.q(head, query), at_.call.q.stride, shape.queries, at_.head_size,
                  dense_query(head), padded_head_);
    }
    if (copies(padded_values_, at_.value_size)) {
      pad_columns(at_.dout(head, query), at_.call.dout.stride, shape.queries, at_.value_size,
                  dense_dout(head), padded_values_);
    }
    compute_row_sums(at_.call, at_.query_row + query, head, shape.queries, shape.columns,
                     row_sums(head));
    add_sink_gradient(head, shape.queries);
    distances_.start_head(at_.slot_of(head), head, transposed_query(head), transposed_dout(head),
                          shape.columns);
  }

  // scores = scale · q·k in units of log 2.
  void multiply_keys(const TileShape& shape, int head, const TilePlace& place,
                     float* scores) const {
    const TileRows rows = rows_of_tile(head, place);
    const SmallProduct product{rows.keys,
                               rows.key_stride,
                               transposed_query(head),
                               shape.columns,
                               scores,
                               shape.columns,
                               nullptr,
                               false};
    small_product<false>(product, shape.keys, shape.columns, ScoreRange{shape, at_.head_size});
  }
  // scores become what enters the softmax.
  void add_terms(const TileShape& shape, int head, const TilePlace& place, float* scores,
                 float* slopes) const {
    if (terms_.any()) {
      terms_.add(shape, head, place, rows_of_tile(head, place), distances_.key_band(),
                 distances_.scores(at_.slot_of(head)), term_scratch_, scores, slopes);
    }
  }

  // weights: scores become P; gradients become ds before the soft cap, times the scale. `keep`: the
  // weights that dropout keeps, null without dropout.
  void differentiate(const TileShape& shape, int head, const TilePlace& place,
                     const std::uint64_t* keep, float* slopes, float* weights,
                     float* gradients) const {
    const SmallProduct product{at_.v(head, place.key),
                               at_.call.v.stride,
                               transposed_dout(head),
                               shape.columns,
                               gradients,
                               shape.columns,
                               nullptr,
                               false};
    small_product<false>(product, shape.keys, shape.columns, ScoreRange{shape, at_.value_size});
    distances_.add_weight_gradients(shape, at_.slot_of(head), place.offset(), gradients);
    if (keep != nullptr) {
      differentiate_softmax<true>(shape, row_sums(head), keep, plan_.dropout.scale(), ds_scale(),
                                  weights, gradients);
    } else {
      differentiate_softmax<false>(shape, row_sums(head), nullptr, 1.0f, ds_scale(), weights,
                                   gradients);
    }
    if (plan_.soft_cap > 0) {
      multiply_slopes(shape, slopes, gradients);
    }
  }

  void add_term_gradients(const TileShape& shape, int head, const TilePlace& place, float* weights,
                          float* gradients) {
    if (wanted_.distance_bias.wanted()) {
      add_bias_gradient(shape, head, place.offset(), at_.call.terms.bias_reach, unscale(),
                        gradients, wanted_.distance_bias);
    }
    if (wanted_.table_bias.wanted()) {
      add_table_gradient(shape, head, place, unscale(), gradients, term_scratch_, wanted_);
    }
    for (std::int64_t i = 0; !scaled() && i < shape.keys * shape.columns; ++i) {
      gradients[i] *= 0;  // not a number stays that
    }
    distances_.add_tile(shape, at_.slot_of(head), place.offset(), gradients, weights);
  }
  // What gradients are multiplied with to become ds.
  float unscale() const { return scaled() ? 1 / plan_.scale : 1.0f; }

  // dv, dk and dq. `first`: of the tiles of the head and these queries.
  void add_products(const TileShape& shape, int head, const TilePlace& place, bool first,
                    const float* weights, const float* gradients) const {
    add_key_gradients(shape, head, place, weights, gradients);
    const TileRows rows = rows_of_tile(head, place);
    Operand right{rows.keys, rows.key_stride};
    if (at_.call.k.columns < padded_head_) {
      pad_columns(rows.keys, rows.key_stride, shape.keys, at_.head_size, padded_keys_,
                  padded_head_);
      right = {padded_keys_, padded_head_};
    }
    const SmallProduct dq{
        gradients,       shape.columns, right.data, right.stride, at_.dq(head, place.query),
        at_.dq_stride(), nullptr,       !first};
    query_product(dq, shape, at_.head_size);
    if (plan_.scorer == AttentionScorer::gaussian) {
      subtract_squares(shape, rows, at_.head_size, gradients, dq.c, dq.c_stride,
                       at_.dk(head, place.key), at_.dk_stride());
    }
  }

  // What the sums over distances give, after the last tile of the queries.
  void finish_head(int head, Span block) const {
    if (!at_.call.terms.key_vectors.defined() && !at_.call.terms.value_vectors.defined()) {
      return;
    }
    const int slot = at_.slot_of(head);
    distances_.add_query_gradients(slot, head, block.size(), columns_of(block),
                                   at_.dq(head, block.begin), at_.dq_stride());
    distances_.add_vector_gradients(slot, head, block.size(), columns_of(block),
                                    padded_query(head, block), padded_dout(head, block));
  }
  // Instead of all that, where these queries see none of the keys.
  void finish_unseeing(Span block) const {
    at_.clear_query_gradients(block);
    for (int head = at_.item.head_begin; head < at_.item.head_end && wanted_.sinks.wanted();
         ++head) {
      compute_row_sums(at_.call, at_.query_row + block.begin, head, block.size(), columns_of(block),
                       row_sums(head));
      add_sink_gradient(head, block.size());
    }
  }

  static std::int64_t columns_of(Span block) {
    return (block.size() + attention_lanes - 1) / attention_lanes * attention_lanes;
  }
  Operand padded_query(int head, Span block) const {
    return copies(padded_head_, at_.head_size)
               ? Operand{dense_query(head), padded_head_}
               : Operand{at_.q(head, block.begin), at_.call.q.stride};
  }

 private:
  // Whether rows of queries are copied for what is multiplied with them: if they are read for
  // several tiles, or whole vectors of them cannot be.
  bool copies(std::int64_t padded, std::int64_t size) const {
    return !at_.single_tile() || padded != size;
  }
  float* dense_query(int head) const {
    return dense_queries_ + at_.slot_of(head) * at_.query_piece * padded_head_;
  }
  float* dense_dout(int head) const {
    return dense_dout_ + at_.slot_of(head) * at_.query_piece * padded_values_;
  }
  float* transposed_query(int head) const {
    return transposed_queries_ + at_.slot_of(head) * at_.head_size * at_.query_piece;
  }
  float* transposed_dout(int head) const {
    return transposed_dout_ + at_.slot_of(head) * at_.value_size * at_.query_piece;
  }
  RowSums row_sums(int head) const {
    float* first = row_values_ + at_.slot_of(head) * 2 * attention_tile;
    return {first, first + attention_tile};
  }
  TileRows rows_of_tile(int head, const TilePlace& place) const {
    return {at_.q(head, place.query), at_.call.q.stride, at_.k(head, place.key), at_.call.k.stride};
  }

  // The products with q and k want ds times the scale. That is undone for biases, and cannot be if
  // the scale is 0.
  bool scaled() const { return plan_.scale != 0; }
  float ds_scale() const { return scaled() ? plan_.scale : 1.0f; }

  void add_sink_gradient(int head, std::int64_t queries) const {
    if (at_.counts_queries() && wanted_.sinks.wanted()) {
      *wanted_.sinks.at(head, 0) +=
          sink_gradient(*at_.call.terms.sink(head), queries, row_sums(head));
    }
  }

  void add_key_gradients(const TileShape& shape, int head, const TilePlace& place,
                         const float* weights, const float* gradients) const {
    const bool accumulate = zero_keys_ || place.query > 0 || head % at_.group != 0;
    const Span block{place.query, place.query + shape.queries};
    const Operand dout = padded_dout(head, block);
    key_product({weights, shape.columns, dout.data, dout.stride, at_.dv(head, place.key),
                 at_.dv_stride(), nullptr, accumulate},
                shape, at_.value_size);
    const Operand q = padded_query(head, block);
    key_product({gradients, shape.columns, q.data, q.stride, at_.dk(head, place.key),
                 at_.dk_stride(), nullptr, accumulate},
                shape, at_.head_size);
  }

  Operand padded_dout(int head, Span block) const {
    return copies(padded_values_, at_.value_size)
               ? Operand{dense_dout(head), padded_values_}
               : Operand{at_.dout(head, block.begin), at_.call.dout.stride};
  }

  const BackwardRows at_;
  const AttentionPlan& plan_;
  const ScoreTerms terms_;
  const TaskGradients wanted_;
  DistanceGradients distances_;
  std::int64_t padded_head_ = 0, padded_values_ = 0;
  bool zero_keys_ = false;
  float* padded_keys_ = nullptr;
  float* dense_queries_ = nullptr;       // per slot [queries, padded head]
  float* dense_dout_ = nullptr;          // per slot [queries, padded values]
  float* transposed_queries_ = nullptr;  // per slot [head size, columns]
  float* transposed_dout_ = nullptr;     // per slot [value size, columns]
  float* row_values_ = nullptr;          // per slot, see RowSums
  float* term_scratch_ = nullptr;
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_BACKWARD_TILE_INL_H_
