// Attention backward: tiles of scores are computed again from q, k and log_sum_exp (Dao et al.,
// "FlashAttention", 2022). One item owns a chunk of keys and walks over all queries in order, so dk
// and dv need no reduction; dq is summed over chunks afterwards, in their order.
#include "heed/backends/cpu/attention_work.h"
#include "heed/backends/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/attention_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/attention_differentiate-inl.h"
#include "heed/backends/cpu/attention_dropout-inl.h"
#include "heed/backends/cpu/attention_gradients-inl.h"
#include "heed/backends/cpu/attention_guard-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

// A right operand of a product, with rows that may be read in whole vectors.
struct Operand {
  const float* data;
  std::int64_t stride;
};

class BackwardItem {
 public:
  BackwardItem(const BackwardCall& call, const AttentionItem& item)
      : call_(call),
        plan_(call.plan),
        item_(item),
        masks_(call.plan.dropout, call.plan.heads),
        terms_(call.plan, call.terms, call.sizes.head_size),
        wanted_(call.task_gradients == nullptr ? TaskGradients{} : call.task_gradients[item.task]),
        group_(call.plan.heads / call.plan.key_heads),
        head_size_(call.sizes.head_size),
        value_size_(call.sizes.value_size) {
    const auto s = static_cast<std::size_t>(item.sequence);
    sequence_queries_ = plan_.query_offsets[s + 1] - plan_.query_offsets[s];
    sequence_keys_ = plan_.key_offsets[s + 1] - plan_.key_offsets[s];
    start_ = plan_.query_start(s);
    query_row_ = plan_.query_offsets[s];
    key_row_ = plan_.key_offsets[s];
    query_piece_ = attention_piece(sequence_queries_, attention_lanes);
    key_piece_ = attention_piece(sequence_keys_, 1);
    const KeyChunks chunks = key_chunks(sequence_keys_);
    key_begin_ = item.part * chunks.size;
    key_end_ = std::min(sequence_keys_, key_begin_ + chunks.size);
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
    padded_head_ = (head_size_ + lanes - 1) / lanes * lanes;
    padded_values_ = (value_size_ + lanes - 1) / lanes * lanes;
    lay_out(nullptr);
    lay_out(attention_scratch(scratch_size_));
  }

  void run() {
    const bool one_block = sequence_queries_ > 0 && sequence_queries_ <= query_piece_;
    zero_keys_ = sequence_queries_ == 0 || plan_.masks_beyond_causal() ||
                 (plan_.causal && (!one_block || !plan_.query_starts.empty()));
    if (zero_keys_) {
      clear_key_gradients();
    }
    for (std::int64_t query = 0; query < sequence_queries_; query += query_piece_) {
      run_queries(query, std::min(query_piece_, sequence_queries_ - query));
    }
  }

 private:
  bool single_tile() const { return key_end_ - key_begin_ <= key_piece_; }
  int slot_of(int head) const { return single_tile() ? 0 : head - item_.head_begin; }
  int key_head(int head) const { return head / group_; }

  void lay_out(float* memory) {
    ScratchCutter cutter(memory);
    const std::int64_t slots = slot_of(item_.head_end - 1) + 1;
    const bool pad_head = padded_head_ != head_size_;
    const bool pad_values = padded_values_ != value_size_;
    weights_ = cutter.take(key_piece_ * query_piece_);
    gradients_ = cutter.take(key_piece_ * query_piece_);
    padded_keys_ = cutter.take(pad_head ? key_piece_ * padded_head_ : 0);
    padded_queries_ = cutter.take(pad_head ? query_piece_ * padded_head_ : 0);
    padded_dout_ = cutter.take(pad_values ? query_piece_ * padded_values_ : 0);
    transposed_queries_ = cutter.take(slots * head_size_ * query_piece_);
    transposed_dout_ = cutter.take(slots * value_size_ * query_piece_);
    row_values_ = cutter.take(slots * 2 * attention_tile);
    lay_out_terms(cutter, slots);
    scratch_size_ = cutter.used();
  }

  void lay_out_terms(ScratchCutter& cutter, std::int64_t slots) {
    term_scratch_ = cutter.take(terms_.scratch());
    slopes_ = cutter.take(plan_.soft_cap > 0 ? key_piece_ * query_piece_ : 0);
    const TermRows& terms = call_.terms;
    const auto table_size = [&](const DistanceVectors& vectors) {
      const std::int64_t distances = key_end_ - key_begin_ + query_piece_ - 1;
      return vectors.defined() ? std::min(2 * vectors.reach + 1, distances) : 0;
    };
    key_table_ = table_size(terms.key_vectors) * query_piece_;
    value_table_ = table_size(terms.value_vectors) * query_piece_;
    distance_scores_ = cutter.take(slots * key_table_);
    distance_ds_ = cutter.take(slots * key_table_);
    distance_dp_ = cutter.take(slots * value_table_);
    distance_weights_ = cutter.take(wanted_.value_vectors.wanted() ? slots * value_table_ : 0);
    padded_vectors_ =
        cutter.take(padded_head_ == head_size_ ? 0 : table_size(terms.key_vectors) * padded_head_);
  }

  float* transposed_query(int head) const {
    return transposed_queries_ + slot_of(head) * head_size_ * query_piece_;
  }
  float* transposed_dout(int head) const {
    return transposed_dout_ + slot_of(head) * value_size_ * query_piece_;
  }
  RowSums row_sums(int head) const {
    float* first = row_values_ + slot_of(head) * 2 * attention_tile;
    return {first, first + attention_tile};
  }
  float* table_of(int head, float* tables, std::int64_t size) const {
    return tables + slot_of(head) * size;
  }

  // Where the gradient of query `query` goes, and the distance of the next one.
  float* query_gradient(std::int64_t query, int head, std::int64_t* stride) const {
    if (item_.part == 0) {
      *stride = call_.dq.stride;
      return call_.dq[query_row_ + query] + head * head_size_;
    }
    const auto s = static_cast<std::size_t>(item_.sequence);
    *stride = plan_.heads * head_size_;
    return call_.partial_dq + call_.partial_begin[s] +
           ((item_.part - 1) * sequence_queries_ + query) * *stride + head * head_size_;
  }

  void clear_key_gradients() {
    const std::int64_t first = key_head(item_.head_begin);
    const std::int64_t heads = key_head(item_.head_end - 1) + 1 - first;
    for (std::int64_t key = key_begin_; key < key_end_; ++key) {
      std::fill_n(call_.dk[key_row_ + key] + first * head_size_, heads * head_size_, 0.0f);
      std::fill_n(call_.dv[key_row_ + key] + first * value_size_, heads * value_size_, 0.0f);
    }
  }

  void run_queries(std::int64_t query, std::int64_t queries) {
    const Span block{query, query + queries};
    const Span seen = seen_keys(plan_, static_cast<std::size_t>(item_.sequence), block);
    const std::int64_t end = std::min(seen.end, key_end_);
    const Span positions{start_ + query, start_ + block.end};
    key_band_ = DistanceBand::of(call_.terms.key_vectors.reach, positions, {key_begin_, key_end_});
    value_band_ =
        DistanceBand::of(call_.terms.value_vectors.reach, positions, {key_begin_, key_end_});
    if (plan_.dropout.active()) {
      masks_.start_queries(query_row_ + query, queries);
    }
    bool first = true;
    for (std::int64_t key = first_key(seen.begin); key < end; key += key_piece_) {
      TileShape shape;
      if (!TileShape::look(plan_, item_.sequence, block,
                           {key, std::min(key + key_piece_, key_end_)}, visible_, &shape)) {
        continue;
      }
      for (int head = item_.head_begin; head < item_.head_end; ++head) {
        if (plan_.dropout.active() && (head == item_.head_begin || head % 8 == 0)) {
          masks_.draw(shape, head, std::min(item_.head_end, head / 8 * 8 + 8), key);
        }
        if (single_tile() && head + 1 < item_.head_end) {
          fetch_head(head + 1, query, queries);
        }
        run_tile(shape, head, query, key, first);
        if (single_tile()) {
          finish_head(head, query, queries, shape.columns);
        }
      }
      first = false;
    }
    finish_queries(query, queries, first);
  }

  // The tile in which the first seen key lies.
  std::int64_t first_key(std::int64_t key) const {
    return key_begin_ + std::max<std::int64_t>(0, key - key_begin_) / key_piece_ * key_piece_;
  }

  void finish_queries(std::int64_t query, std::int64_t queries, bool nothing_seen) {
    const std::int64_t columns =
        (queries + attention_lanes - 1) / attention_lanes * attention_lanes;
    for (int head = item_.head_begin; head < item_.head_end; ++head) {
      if (!nothing_seen && !single_tile()) {
        finish_head(head, query, queries, columns);
      }
      if (nothing_seen && item_.part == 0 && wanted_.sinks.wanted()) {
        compute_row_sums(call_, query_row_ + query, head, queries, columns, row_sums(head));
        add_sink_gradient(head, queries);
      }
    }
    if (nothing_seen) {
      clear_query_gradients(query, queries);
    }
  }

  void fetch_head(int head, std::int64_t query, std::int64_t queries) const {
    const std::int64_t row = query_row_ + query;
    const std::int64_t key_row = key_row_ + key_begin_;
    const std::int64_t keys = key_end_ - key_begin_;
    const std::int64_t column = head * head_size_;
    const std::int64_t value_column = head * value_size_;
    const std::int64_t k_column = key_head(head) * head_size_;
    const std::int64_t v_column = key_head(head) * value_size_;
    fetch_rows(call_.q[row] + column, call_.q.stride, queries, head_size_);
    fetch_rows(call_.dout[row] + value_column, call_.dout.stride, queries, value_size_);
    fetch_rows(call_.out[row] + value_column, call_.out.stride, queries, value_size_);
    fetch_rows(call_.k[key_row] + k_column, call_.k.stride, keys, head_size_);
    fetch_rows(call_.v[key_row] + v_column, call_.v.stride, keys, value_size_);
    fetch_rows(call_.dq[row] + column, call_.dq.stride, queries, head_size_);
    fetch_rows(call_.dk[key_row] + k_column, call_.dk.stride, keys, head_size_);
    fetch_rows(call_.dv[key_row] + v_column, call_.dv.stride, keys, value_size_);
  }

  void clear_query_gradients(std::int64_t query, std::int64_t queries) {
    for (int head = item_.head_begin; head < item_.head_end; ++head) {
      std::int64_t stride = 0;
      float* gradient = query_gradient(query, head, &stride);
      for (std::int64_t i = 0; i < queries; ++i) {
        std::fill_n(gradient + i * stride, head_size_, 0.0f);
      }
    }
  }

  // What all tiles of these queries share.
  void prepare_head(const TileShape& shape, int head, std::int64_t query) {
    const std::int64_t row = query_row_ + query;
    transpose_scaled(call_.q[row] + head * head_size_, call_.q.stride, shape.queries, head_size_,
                     plan_.scale * attention_log2_e, transposed_query(head), shape.columns);
    transpose_scaled(call_.dout[row] + head * value_size_, call_.dout.stride, shape.queries,
                     value_size_, 1.0f, transposed_dout(head), shape.columns);
    compute_row_sums(call_, row, head, shape.queries, shape.columns, row_sums(head));
    if (item_.part == 0 && wanted_.sinks.wanted()) {
      add_sink_gradient(head, shape.queries);
    }
    prepare_terms(shape, head);
  }

  // The first chunk meets each query once.
  void add_sink_gradient(int head, std::int64_t queries) {
    *wanted_.sinks.at(head, 0) += sink_gradient(*call_.terms.sink(head), queries, row_sums(head));
  }

  void prepare_terms(const TileShape& shape, int head) {
    const TermRows& terms = call_.terms;
    if (terms.key_vectors.defined()) {
      multiply_vectors(terms.key_vectors, head, key_band_, head_size_, transposed_query(head),
                       shape.columns, table_of(head, distance_scores_, key_table_));
      std::fill_n(table_of(head, distance_ds_, key_table_), key_band_.rows() * shape.columns, 0.0f);
    }
    if (terms.value_vectors.defined()) {
      multiply_vectors(terms.value_vectors, head, value_band_, value_size_, transposed_dout(head),
                       shape.columns, table_of(head, distance_dp_, value_table_));
    }
    if (wanted_.value_vectors.wanted()) {
      std::fill_n(table_of(head, distance_weights_, value_table_),
                  value_band_.rows() * shape.columns, 0.0f);
    }
  }

  void run_tile(const TileShape& shape, int head, std::int64_t query, std::int64_t key,
                bool first) {
    if (first) {
      prepare_head(shape, head, query);
    }
    const TilePlace place{start_, query, key};
    const float* keys = call_.k[key_row_ + key] + key_head(head) * head_size_;
    const float* queries = call_.q[query_row_ + query] + head * head_size_;
    const TileRows rows{queries, call_.q.stride, keys, call_.k.stride};
    compute_weights_and_gradients(shape, head, place, rows);
    add_term_gradients(shape, head, place);
    add_key_gradients(shape, head, query, key);
    std::int64_t stride = 0;
    float* gradient = query_gradient(query, head, &stride);
    const Operand right =
        padded(keys, call_.k.stride, shape.keys, head_size_, padded_head_, padded_keys_);
    const SmallProduct dq{gradients_, shape.columns, right.data, right.stride,
                          gradient,   stride,        nullptr,    !first};
    query_product(dq, shape, head_size_);
    if (plan_.scorer == AttentionScorer::gaussian) {
      subtract_squares(shape, rows, head_size_, gradients_, gradient, stride,
                       call_.dk[key_row_ + key] + key_head(head) * head_size_, call_.dk.stride);
    }
  }

  // weights_ and gradients_ become P and ds, times the scale unless biases want it without.
  void compute_weights_and_gradients(const TileShape& shape, int head, const TilePlace& place,
                                     const TileRows& rows) {
    const SmallProduct scores{rows.keys,
                              rows.key_stride,
                              transposed_query(head),
                              shape.columns,
                              weights_,
                              shape.columns,
                              nullptr,
                              false};
    small_product<false>(scores, shape.keys, shape.columns, ScoreRange{shape, head_size_});
    if (terms_.any()) {
      terms_.add(shape, head, place, rows, key_band_, table_of(head, distance_scores_, key_table_),
                 term_scratch_, weights_, slopes_);
    }
    const SmallProduct gradients{call_.v[key_row_ + place.key] + key_head(head) * value_size_,
                                 call_.v.stride,
                                 transposed_dout(head),
                                 shape.columns,
                                 gradients_,
                                 shape.columns,
                                 nullptr,
                                 false};
    small_product<false>(gradients, shape.keys, shape.columns, ScoreRange{shape, value_size_});
    if (call_.terms.value_vectors.defined()) {
      add_by_distance(shape, place.offset(), value_band_,
                      table_of(head, distance_dp_, value_table_), gradients_);
    }
    const float scale = bias_gradients() ? 1.0f : plan_.scale;
    if (plan_.dropout.active()) {
      differentiate_softmax<true>(shape, row_sums(head), masks_.keep(head), masks_.scale(), scale,
                                  weights_, gradients_);
    } else {
      differentiate_softmax<false>(shape, row_sums(head), nullptr, 1.0f, scale, weights_,
                                   gradients_);
    }
    if (plan_.soft_cap > 0) {
      multiply_slopes(shape, slopes_, gradients_);
    }
  }

  bool bias_gradients() const {
    return wanted_.distance_bias.wanted() || wanted_.table_bias.wanted();
  }

  void add_term_gradients(const TileShape& shape, int head, const TilePlace& place) {
    if (wanted_.distance_bias.wanted()) {
      add_bias_gradient(shape, head, place.offset(), call_.terms.bias_reach, gradients_,
                        wanted_.distance_bias);
    }
    if (wanted_.table_bias.wanted()) {
      add_table_gradient(shape, head, place, gradients_, term_scratch_, wanted_);
    }
    if (bias_gradients()) {
      scale_tile(shape, plan_.scale, gradients_);
    }
    if (call_.terms.key_vectors.defined()) {
      sum_by_distance(shape, place.offset(), key_band_, gradients_,
                      table_of(head, distance_ds_, key_table_));
    }
    if (wanted_.value_vectors.wanted()) {
      sum_by_distance(shape, place.offset(), value_band_, weights_,
                      table_of(head, distance_weights_, value_table_));
    }
  }

  // What the sums over distances give, after the last tile of the queries.
  void finish_head(int head, std::int64_t query, std::int64_t queries, std::int64_t columns) {
    const std::int64_t row = query_row_ + query;
    if (call_.terms.key_vectors.defined()) {
      std::int64_t stride = 0;
      float* gradient = query_gradient(query, head, &stride);
      add_vectors(call_.terms.key_vectors, head, key_band_, head_size_,
                  table_of(head, distance_ds_, key_table_), columns, queries, padded_vectors_,
                  gradient, stride);
    }
    if (wanted_.key_vectors.wanted()) {
      const Operand q = padded(call_.q[row] + head * head_size_, call_.q.stride, queries,
                               head_size_, padded_head_, padded_queries_);
      add_vector_gradient(wanted_.key_vectors, head, key_band_,
                          table_of(head, distance_ds_, key_table_), columns, q, queries);
    }
    if (wanted_.value_vectors.wanted()) {
      const Operand dout = padded(call_.dout[row] + head * value_size_, call_.dout.stride, queries,
                                  value_size_, padded_values_, padded_dout_);
      add_vector_gradient(wanted_.value_vectors, head, value_band_,
                          table_of(head, distance_weights_, value_table_), columns, dout, queries);
    }
  }

  // gradient += table[distances, columns] · right[queries, size].
  static void add_vector_gradient(const PartialRows& gradient, int head, const DistanceBand& band,
                                  const float* table, std::int64_t columns, const Operand& right,
                                  std::int64_t queries) {
    const SmallProduct product{
        table,   columns, right.data, right.stride, gradient.at(head, band.lo), gradient.columns,
        nullptr, true};
    small_product<false>(product, band.rows(), gradient.columns, WholeRange{queries});
  }

  void add_key_gradients(const TileShape& shape, int head, std::int64_t query, std::int64_t key) {
    const std::int64_t row = query_row_ + query;
    const bool accumulate = zero_keys_ || query > 0 || head % group_ != 0;
    const Operand dout = padded(call_.dout[row] + head * value_size_, call_.dout.stride,
                                shape.queries, value_size_, padded_values_, padded_dout_);
    const SmallProduct dv{weights_,
                          shape.columns,
                          dout.data,
                          dout.stride,
                          call_.dv[key_row_ + key] + key_head(head) * value_size_,
                          call_.dv.stride,
                          nullptr,
                          accumulate};
    key_product(dv, shape, value_size_);
    const Operand q = padded(call_.q[row] + head * head_size_, call_.q.stride, shape.queries,
                             head_size_, padded_head_, padded_queries_);
    const SmallProduct dk{gradients_,
                          shape.columns,
                          q.data,
                          q.stride,
                          call_.dk[key_row_ + key] + key_head(head) * head_size_,
                          call_.dk.stride,
                          nullptr,
                          accumulate};
    key_product(dk, shape, head_size_);
  }

  static Operand padded(const float* data, std::int64_t stride, std::int64_t rows,
                        std::int64_t columns, std::int64_t padded_columns, float* to) {
    if (padded_columns == columns) {
      return {data, stride};
    }
    pad_columns(data, stride, rows, columns, to, padded_columns);
    return {to, padded_columns};
  }

  const BackwardCall& call_;
  const AttentionPlan& plan_;
  const AttentionItem item_;
  AttentionMasks masks_;
  const ScoreTerms terms_;
  const TaskGradients wanted_;
  const int group_;
  const std::int64_t head_size_, value_size_;
  std::int64_t padded_head_ = 0, padded_values_ = 0;
  std::int64_t sequence_queries_ = 0, sequence_keys_ = 0;
  std::int64_t query_row_ = 0, key_row_ = 0;  // of the batch
  std::int64_t query_piece_ = 0, key_piece_ = 0;
  std::int64_t key_begin_ = 0, key_end_ = 0;  // of the sequence
  std::int64_t start_ = 0;                    // the position of the sequence's first query
  DistanceBand key_band_, value_band_;        // of the present queries and all keys of the item
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
  float* slopes_ = nullptr;                       // [keys, columns]: derivative of the soft cap
  std::int64_t key_table_ = 0, value_table_ = 0;  // sizes of the tables below
  float* distance_scores_ = nullptr;   // per slot [key_band_, columns]: scores of key_vectors
  float* distance_ds_ = nullptr;       // per slot [key_band_, columns]: sums of ds
  float* distance_dp_ = nullptr;       // per slot [value_band_, columns]: value_vectors · dout
  float* distance_weights_ = nullptr;  // per slot [value_band_, columns]: sums of weights
  float* padded_vectors_ = nullptr;    // [key_band_, padded head], only when padded
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
