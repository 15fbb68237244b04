// Attention backward: tiles of scores are computed again from q, k and log_sum_exp (Dao et al.,
// "FlashAttention", 2022). One item owns a chunk of keys and walks over all queries in order, so dk
// and dv need no reduction; dq is summed over chunks afterwards, in their order.
#include <limits>

#include "heed/backends/cpu/attention_work.h"
#include "heed/backends/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/attention_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/attention_dropout-inl.h"

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
        group_(call.plan.heads / call.plan.key_heads),
        head_size_(call.sizes.head_size),
        value_size_(call.sizes.value_size) {
    const auto s = static_cast<std::size_t>(item.sequence);
    sequence_queries_ = plan_.query_offsets[s + 1] - plan_.query_offsets[s];
    sequence_keys_ = plan_.key_offsets[s + 1] - plan_.key_offsets[s];
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
    zero_keys_ = !one_block && (plan_.causal || sequence_queries_ == 0);
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
    scratch_size_ = cutter.used();
  }

  float* transposed_query(int head) const {
    return transposed_queries_ + slot_of(head) * head_size_ * query_piece_;
  }
  float* transposed_dout(int head) const {
    return transposed_dout_ + slot_of(head) * value_size_ * query_piece_;
  }
  // log_sum_exp in units of log 2, +inf instead of -inf so that nothing seen weighs nothing.
  float* log_sums(int head) const { return row_values_ + slot_of(head) * 2 * attention_tile; }
  // rowsum(dout ⊙ out).
  float* weighted_sums(int head) const { return log_sums(head) + attention_tile; }

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
    const std::int64_t seen =
        visible_keys(plan_.causal, query + queries - 1, sequence_queries_, sequence_keys_);
    if (seen <= key_begin_) {
      clear_query_gradients(query, queries);
      return;
    }
    if (plan_.dropout.active()) {
      masks_.start_queries(query_row_ + query, queries);
    }
    for (std::int64_t key = key_begin_; key < std::min(seen, key_end_); key += key_piece_) {
      const TileShape shape = TileShape::of(plan_, sequence_queries_, sequence_keys_, query,
                                            queries, key, std::min(key_piece_, key_end_ - key));
      for (int head = item_.head_begin; head < item_.head_end; ++head) {
        if (plan_.dropout.active() && (head == item_.head_begin || head % 8 == 0)) {
          masks_.draw(shape, head, std::min(item_.head_end, head / 8 * 8 + 8), key);
        }
        if (single_tile() && head + 1 < item_.head_end) {
          fetch_head(head + 1, query, queries);
        }
        if (key == key_begin_) {
          prepare_head(shape, head, query);
        }
        run_tile(shape, head, query, key);
      }
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
    const FloatTag d;
    const std::int64_t row = query_row_ + query;
    transpose_scaled(call_.q[row] + head * head_size_, call_.q.stride, shape.queries, head_size_,
                     plan_.scale * attention_log2_e, transposed_query(head), shape.columns);
    transpose_scaled(call_.dout[row] + head * value_size_, call_.dout.stride, shape.queries,
                     value_size_, 1.0f, transposed_dout(head), shape.columns);
    float* log_sum = log_sums(head);
    float* weighted = weighted_sums(head);
    for (std::int64_t i = 0; i < shape.columns; ++i) {
      log_sum[i] = 0;
      weighted[i] = 0;
      if (i < shape.queries) {
        const float value = call_.log_sum_exp[row + i][head];
        const bool nothing = value == -std::numeric_limits<float>::infinity();
        log_sum[i] = nothing ? -value : value * attention_log2_e;
        const float* dout = call_.dout[row + i] + head * value_size_;
        const float* out = call_.out[row + i] + head * value_size_;
        weighted[i] = sum_vectors(d, static_cast<std::size_t>(value_size_),
                                  [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                                    return hn::Mul(load(d, dout + c, n), load(d, out + c, n));
                                  });
      }
    }
  }

  void run_tile(const TileShape& shape, int head, std::int64_t query, std::int64_t key) {
    const float* keys = call_.k[key_row_ + key] + key_head(head) * head_size_;
    const float* values = call_.v[key_row_ + key] + key_head(head) * value_size_;
    const SmallProduct scores{keys,          call_.k.stride, transposed_query(head),
                              shape.columns, weights_,       shape.columns,
                              nullptr,       false};
    small_product<false>(scores, shape.keys, shape.columns, ScoreRange{shape, head_size_});
    const SmallProduct gradients{values,        call_.v.stride, transposed_dout(head),
                                 shape.columns, gradients_,     shape.columns,
                                 nullptr,       false};
    small_product<false>(gradients, shape.keys, shape.columns, ScoreRange{shape, value_size_});
    if (plan_.dropout.active()) {
      differentiate_softmax<true>(shape, masks_.keep(head), head);
    } else {
      differentiate_softmax<false>(shape, nullptr, head);
    }
    add_key_gradients(shape, head, query, key);
    std::int64_t stride = 0;
    float* gradient = query_gradient(query, head, &stride);
    const Operand right =
        padded(keys, call_.k.stride, shape.keys, head_size_, padded_head_, padded_keys_);
    const SmallProduct dq{gradients_, shape.columns, right.data, right.stride,
                          gradient,   stride,        nullptr,    key > key_begin_};
    small_product<true>(dq, shape.queries, head_size_, QueryRange{shape});
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
    small_product<false>(dv, shape.keys, value_size_, KeyRange{shape});
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
    small_product<false>(dk, shape.keys, head_size_, KeyRange{shape});
  }

  static Operand padded(const float* data, std::int64_t stride, std::int64_t rows,
                        std::int64_t columns, std::int64_t padded_columns, float* to) {
    if (padded_columns == columns) {
      return {data, stride};
    }
    pad_columns(data, stride, rows, columns, to, padded_columns);
    return {to, padded_columns};
  }

  // weights_: scores become the dropped weights P; gradients_: d loss / d P becomes scale · ds.
  template <bool kDropout>
  void differentiate_softmax(const TileShape& shape, const std::uint64_t* keep, int head) {
    const FloatTag d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto scale = hn::Set(d, plan_.scale);
    const auto dropout_scale = hn::Set(d, kDropout ? masks_.scale() : 1.0f);
    for (std::int64_t column = 0; column < shape.columns; column += lanes) {
      const auto log_sum = hn::Load(d, log_sums(head) + column);
      const auto weighted = hn::Load(d, weighted_sums(head) + column);
      const std::int64_t everyone = shape.seen_by_all(column);
      const std::int64_t seen = shape.seen[column / attention_lanes];
      for (std::int64_t j = 0; j < shape.keys; ++j) {
        float* weight_at = weights_ + j * shape.columns + column;
        float* gradient_at = gradients_ + j * shape.columns + column;
        if (j >= seen) {
          hn::Store(hn::Zero(d), d, weight_at);
          hn::Store(hn::Zero(d), d, gradient_at);
          continue;
        }
        auto weight = power_of_two(d, hn::Sub(hn::Load(d, weight_at), log_sum));
        if (j >= everyone) {
          weight = hn::IfThenElseZero(sees(d, shape, column, j), weight);
        }
        auto gradient = hn::Load(d, gradient_at);
        auto dropped = weight;
        if constexpr (kDropout) {
          const auto kept = mask_from_bits(d, keep + j, column);
          gradient = hn::IfThenElseZero(kept, hn::Mul(gradient, dropout_scale));
          dropped = hn::IfThenElseZero(kept, hn::Mul(weight, dropout_scale));
        }
        hn::Store(dropped, d, weight_at);
        hn::Store(hn::Mul(hn::Mul(weight, scale), hn::Sub(gradient, weighted)), d, gradient_at);
      }
    }
  }

  const BackwardCall& call_;
  const AttentionPlan& plan_;
  const AttentionItem item_;
  AttentionMasks masks_;
  const int group_;
  const std::int64_t head_size_, value_size_;
  std::int64_t padded_head_ = 0, padded_values_ = 0;
  std::int64_t sequence_queries_ = 0, sequence_keys_ = 0;
  std::int64_t query_row_ = 0, key_row_ = 0;  // of the batch
  std::int64_t query_piece_ = 0, key_piece_ = 0;
  std::int64_t key_begin_ = 0, key_end_ = 0;  // of the sequence
  bool zero_keys_ = false;
  std::size_t scratch_size_ = 0;
  float* weights_ = nullptr;    // [keys, columns]
  float* gradients_ = nullptr;  // [keys, columns]
  float* padded_keys_ = nullptr;
  float* padded_queries_ = nullptr;
  float* padded_dout_ = nullptr;
  float* transposed_queries_ = nullptr;  // per slot [head size, columns]
  float* transposed_dout_ = nullptr;     // per slot [value size, columns]
  float* row_values_ = nullptr;          // per slot log_sums and weighted_sums
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
