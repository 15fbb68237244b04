// Attention backward: tiles of scores are computed again from q, k and log_sum_exp (Dao et al.,
// "FlashAttention", 2022). One item owns a chunk of keys and walks over all queries in order, so dk
// and dv need no reduction; dq is summed over chunks afterwards, in their order.
#include "heed/backends/cpu/attention_backward_rows.h"
#include "heed/backends/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/attention_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/attention_differentiate-inl.h"
#include "heed/backends/cpu/attention_distance_gradients-inl.h"
#include "heed/backends/cpu/attention_dropout-inl.h"
#include "heed/backends/cpu/attention_gradients-inl.h"
#include "heed/backends/cpu/attention_guard-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

class BackwardItem {
 public:
  BackwardItem(const BackwardCall& call, const AttentionItem& item)
      : at_(call, item),
        plan_(call.plan),
        masks_(call.plan.dropout, call.plan.heads),
        terms_(call.plan, call.terms, call.sizes.head_size),
        wanted_(call.task_gradients == nullptr ? TaskGradients{} : call.task_gradients[item.task]),
        distances_(call, wanted_) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
    padded_head_ = (at_.head_size + lanes - 1) / lanes * lanes;
    padded_values_ = (at_.value_size + lanes - 1) / lanes * lanes;
    lay_out(nullptr);
    lay_out(attention_scratch(scratch_size_));
  }

  void run() {
    const bool one_block = at_.queries > 0 && at_.queries <= at_.query_piece;
    zero_keys_ = at_.queries == 0 || plan_.masks_beyond_causal() ||
                 (plan_.causal && (!one_block || !plan_.query_starts.empty()));
    if (zero_keys_) {
      at_.clear_key_gradients();
    }
    for (std::int64_t query = 0; query < at_.queries; query += at_.query_piece) {
      run_queries({query, std::min(query + at_.query_piece, at_.queries)});
    }
  }

 private:
  void lay_out(float* memory) {
    ScratchCutter cutter(memory);
    const std::int64_t slots = at_.slot_of(at_.item.head_end - 1) + 1;
    const std::int64_t queries = at_.query_piece;
    const bool pad_head = padded_head_ != at_.head_size;
    const bool pad_values = padded_values_ != at_.value_size;
    weights_ = cutter.take(at_.key_piece * queries);
    gradients_ = cutter.take(at_.key_piece * queries);
    padded_keys_ = cutter.take(pad_head ? at_.key_piece * padded_head_ : 0);
    padded_queries_ = cutter.take(pad_head ? queries * padded_head_ : 0);
    padded_dout_ = cutter.take(pad_values ? queries * padded_values_ : 0);
    transposed_queries_ = cutter.take(slots * at_.head_size * queries);
    transposed_dout_ = cutter.take(slots * at_.value_size * queries);
    row_values_ = cutter.take(slots * 2 * attention_tile);
    term_scratch_ = cutter.take(terms_.scratch());
    slopes_ = cutter.take(plan_.soft_cap > 0 ? at_.key_piece * queries : 0);
    distances_.lay_out(cutter, slots, at_.key_end - at_.key_begin, queries);
    scratch_size_ = cutter.used();
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

  void run_queries(Span block) {
    const Span seen = seen_keys(plan_, static_cast<std::size_t>(at_.item.sequence), block);
    const std::int64_t end = std::min(seen.end, at_.key_end);
    distances_.start_queries({at_.start + block.begin, at_.start + block.end},
                             {at_.key_begin, at_.key_end});
    if (plan_.dropout.active()) {
      masks_.start_queries(at_.query_row + block.begin, block.size());
    }
    bool first = true;
    for (std::int64_t key = at_.tile_of(seen.begin); key < end; key += at_.key_piece) {
      TileShape shape;
      if (!TileShape::look(plan_, at_.item.sequence, block,
                           {key, std::min(key + at_.key_piece, at_.key_end)}, visible_, &shape)) {
        continue;
      }
      for (int head = at_.item.head_begin; head < at_.item.head_end; ++head) {
        if (plan_.dropout.active() && (head == at_.item.head_begin || head % 8 == 0)) {
          masks_.draw(shape, head, std::min(at_.item.head_end, head / 8 * 8 + 8), key);
        }
        if (at_.single_tile() && head + 1 < at_.item.head_end) {
          fetch_head(head + 1, block);
        }
        run_tile(shape, head, block.begin, key, first);
        if (at_.single_tile()) {
          finish_head(head, block);
        }
      }
      first = false;
    }
    finish_queries(block, first);
  }

  void finish_queries(Span block, bool nothing_seen) {
    if (nothing_seen) {
      at_.clear_query_gradients(block);
    }
    for (int head = at_.item.head_begin; head < at_.item.head_end; ++head) {
      if (!nothing_seen && !at_.single_tile()) {
        finish_head(head, block);
      }
      if (nothing_seen && at_.item.part == 0 && wanted_.sinks.wanted()) {
        compute_row_sums(at_.call, at_.query_row + block.begin, head, block.size(),
                         columns_of(block), row_sums(head));
        add_sink_gradient(head, block.size());
      }
    }
  }
  static std::int64_t columns_of(Span block) {
    return (block.size() + attention_lanes - 1) / attention_lanes * attention_lanes;
  }

  void fetch_head(int head, Span block) const {
    const BackwardCall& call = at_.call;
    const std::int64_t query = block.begin;
    const std::int64_t key = at_.key_begin;
    const std::int64_t keys = at_.key_end - key;
    fetch_rows(at_.q(head, query), call.q.stride, block.size(), at_.head_size);
    fetch_rows(at_.dout(head, query), call.dout.stride, block.size(), at_.value_size);
    fetch_rows(at_.out(head, query), call.out.stride, block.size(), at_.value_size);
    fetch_rows(at_.k(head, key), call.k.stride, keys, at_.head_size);
    fetch_rows(at_.v(head, key), call.v.stride, keys, at_.value_size);
    fetch_rows(at_.dq(head, query), at_.dq_stride(), block.size(), at_.head_size);
    fetch_rows(at_.dk(head, key), call.dk.stride, keys, at_.head_size);
    fetch_rows(at_.dv(head, key), call.dv.stride, keys, at_.value_size);
  }

  // What all tiles of these queries share.
  void prepare_head(const TileShape& shape, int head, std::int64_t query) {
    transpose_scaled(at_.q(head, query), at_.call.q.stride, shape.queries, at_.head_size,
                     plan_.scale * attention_log2_e, transposed_query(head), shape.columns);
    transpose_scaled(at_.dout(head, query), at_.call.dout.stride, shape.queries, at_.value_size,
                     1.0f, transposed_dout(head), shape.columns);
    compute_row_sums(at_.call, at_.query_row + query, head, shape.queries, shape.columns,
                     row_sums(head));
    if (at_.item.part == 0 && wanted_.sinks.wanted()) {
      add_sink_gradient(head, shape.queries);
    }
    distances_.start_head(at_.slot_of(head), head, transposed_query(head), transposed_dout(head),
                          shape.columns);
  }

  // The first chunk meets each query once.
  void add_sink_gradient(int head, std::int64_t queries) {
    *wanted_.sinks.at(head, 0) +=
        sink_gradient(*at_.call.terms.sink(head), queries, row_sums(head));
  }

  void run_tile(const TileShape& shape, int head, std::int64_t query, std::int64_t key,
                bool first) {
    if (first) {
      prepare_head(shape, head, query);
    }
    const TilePlace place{at_.start, query, key};
    const TileRows rows{at_.q(head, query), at_.call.q.stride, at_.k(head, key), at_.call.k.stride};
    compute_scores(shape, head, place, rows);
    differentiate(shape, head, place);
    add_term_gradients(shape, head, place);
    add_key_gradients(shape, head, query, key);
    const Operand right =
        padded(rows.keys, rows.key_stride, shape.keys, at_.head_size, padded_head_, padded_keys_);
    const SmallProduct dq{gradients_,          shape.columns,   right.data, right.stride,
                          at_.dq(head, query), at_.dq_stride(), nullptr,    !first};
    query_product(dq, shape, at_.head_size);
    if (plan_.scorer == AttentionScorer::gaussian) {
      subtract_squares(shape, rows, at_.head_size, gradients_, dq.c, dq.c_stride, at_.dk(head, key),
                       at_.call.dk.stride);
    }
  }

  // weights_ become the scores as they enter the softmax.
  void compute_scores(const TileShape& shape, int head, const TilePlace& place,
                      const TileRows& rows) {
    const SmallProduct scores{rows.keys,
                              rows.key_stride,
                              transposed_query(head),
                              shape.columns,
                              weights_,
                              shape.columns,
                              nullptr,
                              false};
    small_product<false>(scores, shape.keys, shape.columns, ScoreRange{shape, at_.head_size});
    if (terms_.any()) {
      terms_.add(shape, head, place, rows, distances_.key_band(),
                 distances_.scores(at_.slot_of(head)), term_scratch_, weights_, slopes_);
    }
  }

  // weights_ become P, gradients_ ds before the soft cap, times ds_scale().
  void differentiate(const TileShape& shape, int head, const TilePlace& place) {
    const SmallProduct gradients{at_.v(head, place.key),
                                 at_.call.v.stride,
                                 transposed_dout(head),
                                 shape.columns,
                                 gradients_,
                                 shape.columns,
                                 nullptr,
                                 false};
    small_product<false>(gradients, shape.keys, shape.columns, ScoreRange{shape, at_.value_size});
    distances_.add_weight_gradients(shape, at_.slot_of(head), place.offset(), gradients_);
    if (plan_.dropout.active()) {
      differentiate_softmax<true>(shape, row_sums(head), masks_.keep(head), masks_.scale(),
                                  ds_scale(), weights_, gradients_);
    } else {
      differentiate_softmax<false>(shape, row_sums(head), nullptr, 1.0f, ds_scale(), weights_,
                                   gradients_);
    }
    if (plan_.soft_cap > 0) {
      multiply_slopes(shape, slopes_, gradients_);
    }
  }

  // The products with q and k want ds times the scale. That is undone for biases, and cannot be if
  // the scale is 0.
  bool scaled() const { return plan_.scale != 0; }
  float ds_scale() const { return scaled() ? plan_.scale : 1.0f; }

  void add_term_gradients(const TileShape& shape, int head, const TilePlace& place) {
    const float unscale = scaled() ? 1 / plan_.scale : 1.0f;
    if (wanted_.distance_bias.wanted()) {
      add_bias_gradient(shape, head, place.offset(), at_.call.terms.bias_reach, unscale, gradients_,
                        wanted_.distance_bias);
    }
    if (wanted_.table_bias.wanted()) {
      add_table_gradient(shape, head, place, unscale, gradients_, term_scratch_, wanted_);
    }
    for (std::int64_t i = 0; !scaled() && i < shape.keys * shape.columns; ++i) {
      gradients_[i] *= 0;  // not a number stays that
    }
    distances_.add_tile(shape, at_.slot_of(head), place.offset(), gradients_, weights_);
  }

  // What the sums over distances give, after the last tile of the queries.
  void finish_head(int head, Span block) {
    if (!at_.call.terms.key_vectors.defined() && !at_.call.terms.value_vectors.defined()) {
      return;
    }
    const int slot = at_.slot_of(head);
    distances_.add_query_gradients(slot, head, block.size(), columns_of(block),
                                   at_.dq(head, block.begin), at_.dq_stride());
    distances_.add_vector_gradients(slot, head, block.size(), columns_of(block),
                                    padded_query(head, block.begin, block.size()),
                                    padded_dout(head, block.begin, block.size()));
  }

  void add_key_gradients(const TileShape& shape, int head, std::int64_t query, std::int64_t key) {
    const bool accumulate = zero_keys_ || query > 0 || head % at_.group != 0;
    const Operand dout = padded_dout(head, query, shape.queries);
    key_product({weights_, shape.columns, dout.data, dout.stride, at_.dv(head, key),
                 at_.call.dv.stride, nullptr, accumulate},
                shape, at_.value_size);
    const Operand q = padded_query(head, query, shape.queries);
    key_product({gradients_, shape.columns, q.data, q.stride, at_.dk(head, key), at_.call.dk.stride,
                 nullptr, accumulate},
                shape, at_.head_size);
  }

  Operand padded_query(int head, std::int64_t query, std::int64_t queries) const {
    return padded(at_.q(head, query), at_.call.q.stride, queries, at_.head_size, padded_head_,
                  padded_queries_);
  }
  Operand padded_dout(int head, std::int64_t query, std::int64_t queries) const {
    return padded(at_.dout(head, query), at_.call.dout.stride, queries, at_.value_size,
                  padded_values_, padded_dout_);
  }
  static Operand padded(const float* data, std::int64_t stride, std::int64_t rows,
                        std::int64_t columns, std::int64_t padded_columns, float* to) {
    if (padded_columns == columns) {
      return {data, stride};
    }
    pad_columns(data, stride, rows, columns, to, padded_columns);
    return {to, padded_columns};
  }

  const BackwardRows at_;
  const AttentionPlan& plan_;
  AttentionMasks masks_;
  const ScoreTerms terms_;
  const TaskGradients wanted_;
  DistanceGradients distances_;
  std::int64_t padded_head_ = 0, padded_values_ = 0;
  bool zero_keys_ = false;
  std::size_t scratch_size_ = 0;
  float* weights_ = nullptr;    // [keys, columns]
  float* gradients_ = nullptr;  // [keys, columns]
  float* padded_keys_ = nullptr;
  float* padded_queries_ = nullptr;
  float* padded_dout_ = nullptr;
  float* transposed_queries_ = nullptr;  // per slot [head size, columns]
  float* transposed_dout_ = nullptr;     // per slot [value size, columns]
  float* row_values_ = nullptr;          // per slot, see RowSums
  float* term_scratch_ = nullptr;
  float* slopes_ = nullptr;  // [keys, columns]: derivative of the soft cap
  std::uint64_t visible_[attention_tile];
};

void run_backward_item(const BackwardCall& call, const AttentionItem& item) {
  BackwardItem(call, item).run();
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

HWY_EXPORT(run_backward_item);
void run_backward_item(const BackwardCall& call, const AttentionItem& item) {
  HWY_DYNAMIC_DISPATCH(run_backward_item)(call, item);
}

}  // namespace heed::cpu
#endif
