// Attention forward: for a block of queries, tiles of keys with the running maximum and sum of the
// softmax.
#include <cmath>
#include <limits>

#include "heed/backends/cpu/attention/work.h"
#include "heed/backends/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/attention/forward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/attention/contextual-inl.h"
#include "heed/backends/cpu/attention/distance_terms-inl.h"
#include "heed/backends/cpu/attention/dropout-inl.h"
#include "heed/backends/cpu/attention/guard-inl.h"
#include "heed/backends/cpu/attention/softmax-inl.h"
#include "heed/backends/cpu/attention/terms-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

class ForwardItem {
 public:
  ForwardItem(const ForwardCall& call, const AttentionItem& item)
      : call_(call),
        plan_(call.plan),
        item_(item),
        masks_(call.plan.dropout, call.plan.heads),
        terms_(call.plan, call.terms, call.sizes.head_size),
        distances_(call),
        contextual_(call.terms, call.sizes.head_size),
        head_size_(call.sizes.head_size),
        value_size_(call.sizes.value_size) {
    const auto s = static_cast<std::size_t>(item.sequence);
    sequence_queries_ = plan_.query_offsets[s + 1] - plan_.query_offsets[s];
    sequence_keys_ = plan_.key_offsets[s + 1] - plan_.key_offsets[s];
    const std::int64_t size = attention_piece(sequence_queries_, attention_lanes);
    query_begin_ = item.part * size;
    queries_ = std::min(size, sequence_queries_ - query_begin_);
    row_begin_ = plan_.query_offsets[s] + query_begin_;
    key_row_ = plan_.key_offsets[s];
    key_piece_ = attention_piece(sequence_keys_, 1);
    start_ = plan_.query_start(s);
    const Span seen = seen_keys(plan_, s, {query_begin_, query_begin_ + queries_});
    key_begin_ = seen.begin / key_piece_ * key_piece_;
    key_end_ = seen.size() == 0 ? key_begin_ : seen.end;
    distances_.start({start_ + query_begin_, start_ + query_begin_ + queries_},
                     {key_begin_, std::max(key_end_, key_begin_ + 1)}, columns());
    contextual_.start(key_end_ - key_begin_, columns());
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
    padded_values_ = (value_size_ + lanes - 1) / lanes * lanes;
    lay_out(nullptr);
    lay_out(attention_scratch(scratch_size_));
  }

  void run() {
    if (plan_.dropout.active()) {
      masks_.start_queries(row_begin_, queries_);
    }
    bool first = true;
    for (std::int64_t tile = 0; tile < tiles(); ++tile) {
      const std::int64_t key = tile_key(tile);
      TileShape shape;
      if (!look(key, &shape)) {
        continue;
      }
      for (int head = item_.head_begin; head < item_.head_end; ++head) {
        if (plan_.dropout.active() && (head == item_.head_begin || head % 8 == 0)) {
          masks_.draw(shape, head, std::min(item_.head_end, head / 8 * 8 + 8), key);
        }
        if (single_tile() && head + 1 < item_.head_end) {
          fetch_head(head + 1);
        }
        run_tile(shape, head, key, first);
        if (single_tile()) {
          finish_head(head);
        }
      }
      first = false;
    }
    if (first) {
      write_nothing_seen();
    }
    for (int head = item_.head_begin; !first && !single_tile() && head < item_.head_end; ++head) {
      finish_head(head);
    }
  }

 private:
  // With one tile of keys a head is finished before the next begins: all share the first slot.
  bool single_tile() const { return key_end_ - key_begin_ <= key_piece_; }
  int slot_of(int head) const { return single_tile() ? 0 : head - item_.head_begin; }
  std::int64_t columns() const {
    return (queries_ + attention_lanes - 1) / attention_lanes * attention_lanes;
  }
  // The first key of the n-th tile that is visited. Contextual positions count from the last key.
  std::int64_t tile_key(std::int64_t n) const {
    return key_begin_ + (contextual_.defined() ? tiles() - 1 - n : n) * key_piece_;
  }
  std::int64_t tiles() const { return (key_end_ - key_begin_ + key_piece_ - 1) / key_piece_; }
  // Who sees whom in the tile of keys from `key` on; false: nobody.
  bool look(std::int64_t key, TileShape* shape) {
    return TileShape::look(plan_, item_.sequence, {query_begin_, query_begin_ + queries_},
                           {key, std::min(key + key_piece_, sequence_keys_)}, visible_, shape);
  }

  void lay_out(float* memory) {
    ScratchCutter cutter(memory);
    const std::int64_t slots = slot_of(item_.head_end - 1) + 1;
    scores_ = cutter.take(key_piece_ * columns());
    values_ = cutter.take(padded_values_ <= call_.v.columns ? 0 : key_piece_ * padded_values_);
    transposed_queries_ = cutter.take(slots * head_size_ * columns());
    sums_ = cutter.take(single_tile() ? 0 : slots * queries_ * padded_values_);
    states_ = cutter.take(slots * 3 * attention_tile);
    term_scratch_ = cutter.take(terms_.scratch());
    distances_.lay_out(cutter, slots);
    contextual_.lay_out(cutter, slots);
    scratch_size_ = cutter.used();
  }

  SoftmaxState state(int head) const {
    float* first = states_ + slot_of(head) * 3 * attention_tile;
    return {first, first + attention_tile, first + 2 * attention_tile};
  }
  float* transposed_query(int head) const {
    return transposed_queries_ + slot_of(head) * head_size_ * columns();
  }
  float* sums(int head) const { return sums_ + slot_of(head) * queries_ * padded_values_; }
  int key_head(int head) const { return head / (plan_.heads / plan_.key_heads); }

  void fetch_head(int head) const {
    fetch_rows(call_.q[row_begin_] + head * head_size_, call_.q.stride, queries_, head_size_);
    const std::int64_t keys = key_end_ - key_begin_;
    const std::int64_t key_row = key_row_ + key_begin_;
    fetch_rows(call_.k.at(key_row, key_head(head)), call_.k.stride, keys, head_size_);
    fetch_rows(call_.v.at(key_row, key_head(head)), call_.v.stride, keys, value_size_);
    fetch_rows(call_.out[row_begin_] + head * value_size_, call_.out.stride, queries_, value_size_);
  }

  // What all tiles of a head share.
  void prepare_head(int head) {
    transpose_scaled(query_rows(head), call_.q.stride, queries_, head_size_,
                     plan_.scale * attention_log2_e, transposed_query(head), columns());
    distances_.start_head(slot_of(head), head, transposed_query(head));
    contextual_.start_head(slot_of(head), query_rows(head), call_.q.stride, queries_);
  }

  const float* query_rows(int head) const { return call_.q[row_begin_] + head * head_size_; }
  TilePlace place(std::int64_t key) const { return {start_, query_begin_, key}; }

  void compute_scores(const TileShape& shape, int head, std::int64_t key) {
    const float* keys = call_.k.at(key_row_ + key, key_head(head));
    const SmallProduct product{keys,          call_.k.stride, transposed_query(head),
                               shape.columns, scores_,        shape.columns,
                               nullptr,       false};
    small_product<false>(product, shape.keys, shape.columns, ScoreRange{shape, head_size_});
    contextual_.add(shape, slot_of(head), scores_);
    if (terms_.any()) {
      terms_.add(shape, head, place(key), {query_rows(head), call_.q.stride, keys, call_.k.stride},
                 distances_.key_band(), distances_.scores(slot_of(head)), term_scratch_, scores_,
                 nullptr);
    }
  }

  void run_tile(const TileShape& shape, int head, std::int64_t key, bool first) {
    if (first) {
      prepare_head(head);
    }
    compute_scores(shape, head, key);
    const SoftmaxState softmax = state(head);
    if (plan_.dropout.active()) {
      exponentiate<true>(shape, masks_.keep(head), first, softmax, scores_);
    } else {
      exponentiate<false>(shape, nullptr, first, softmax, scores_);
    }
    distances_.add_tile(shape, slot_of(head), place(key).offset(), first ? nullptr : softmax.factor,
                        scores_);
    if (single_tile()) {
      invert_sums(dropout_scale(), call_.terms.sink(head), columns(), softmax);
    }
    multiply_values(shape, head, key, first, softmax);
  }

  float dropout_scale() const { return plan_.dropout.active() ? masks_.scale() : 1.0f; }

  void multiply_values(const TileShape& shape, int head, std::int64_t key, bool first,
                       const SoftmaxState& softmax) {
    const float* values = call_.v.at(key_row_ + key, key_head(head));
    std::int64_t stride = call_.v.stride;
    if (padded_values_ > call_.v.columns) {
      pad_columns(values, stride, shape.keys, value_size_, values_, padded_values_);
      values = values_;
      stride = padded_values_;
    }
    const SmallProduct product{
        scores_,
        shape.columns,
        values,
        stride,
        single_tile() ? call_.out[row_begin_] + head * value_size_ : sums(head),
        single_tile() ? call_.out.stride : padded_values_,
        single_tile() || !first ? softmax.factor : nullptr,
        !first};
    query_product(product, shape, value_size_);
    if (single_tile()) {
      distances_.add_values(slot_of(head), head, softmax.factor, product.c, product.c_stride);
    }
  }

  void finish_head(int head) {
    const SoftmaxState softmax = state(head);
    if (!single_tile()) {
      distances_.add_values(slot_of(head), head, nullptr, sums(head), padded_values_);
      invert_sums(dropout_scale(), call_.terms.sink(head), columns(), softmax);
      write_out(head, softmax);
    }
    if (call_.log_sum_exp.defined()) {
      write_log_sum_exp(head, softmax);
    }
    if (call_.weights != nullptr) {
      write_weights(head, softmax);
    }
  }

  void write_out(int head, const SoftmaxState& softmax) {
    const FloatTag d;
    for (std::int64_t i = 0; i < queries_; ++i) {
      const float* from = sums(head) + i * padded_values_;
      float* to = call_.out[row_begin_ + i] + head * value_size_;
      const auto factor = hn::Set(d, softmax.factor[i]);
      for_each_vector(d, 0, static_cast<std::size_t>(value_size_),
                      [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                        store(d, hn::Mul(factor, hn::LoadU(d, from + c)), to + c, n);
                      });
    }
  }

  void write_log_sum_exp(int head, const SoftmaxState& softmax) {
    const FloatTag d;
    HWY_ALIGN float values[attention_tile];
    for (std::int64_t column = 0; column < columns(); column += hn::Lanes(d)) {
      const auto sum = logarithm_of_two(d, hn::Load(d, softmax.sum + column));
      hn::Store(
          hn::Mul(hn::Add(hn::Load(d, softmax.maximum + column), sum), hn::Set(d, attention_ln_2)),
          d, values + column);
    }
    for (std::int64_t i = 0; i < queries_; ++i) {
      call_.log_sum_exp[row_begin_ + i][head] = values[i];
    }
  }

  // The traced weights, from the scores once more: the final maximum and sum are known only now.
  void write_weights(int head, const SoftmaxState& softmax) {
    const FloatTag d;
    float* matrix = call_.weights + call_.weights_begin[static_cast<std::size_t>(item_.sequence)] +
                    (head * sequence_queries_ + query_begin_) * sequence_keys_;
    std::fill_n(matrix, queries_ * sequence_keys_, 0.0f);
    contextual_.restart(slot_of(head));
    for (std::int64_t tile = 0; tile < tiles(); ++tile) {
      const std::int64_t key = tile_key(tile);
      TileShape shape;
      if (!look(key, &shape)) {
        continue;
      }
      compute_scores(shape, head, key);
      for (std::int64_t column = 0; column < shape.columns; column += hn::Lanes(d)) {
        hide_unseen(shape, column, scores_ + column);
        const auto maximum = hn::Load(d, softmax.maximum + column);
        const auto sum = hn::Load(d, softmax.sum + column);
        for (std::int64_t j = 0; j < shape.seen[column / attention_lanes]; ++j) {
          float* at = scores_ + j * shape.columns + column;
          const auto weight = power_of_two(d, hn::Sub(hn::Load(d, at), maximum));
          hn::Store(hn::IfThenZeroElse(hn::Eq(sum, hn::Zero(d)), hn::Div(weight, sum)), d, at);
        }
      }
      for (std::int64_t i = 0; i < queries_; ++i) {
        for (std::int64_t j = 0; j < shape.seen[i / attention_lanes]; ++j) {
          matrix[i * sequence_keys_ + key + j] = scores_[j * shape.columns + i];
        }
      }
    }
  }

  void write_nothing_seen() {
    for (std::int64_t i = 0; i < queries_; ++i) {
      for (int head = item_.head_begin; head < item_.head_end; ++head) {
        std::fill_n(call_.out[row_begin_ + i] + head * value_size_, value_size_, 0.0f);
        if (call_.log_sum_exp.defined()) {
          call_.log_sum_exp[row_begin_ + i][head] = -std::numeric_limits<float>::infinity();
        }
      }
    }
    for (int head = item_.head_begin; call_.weights != nullptr && head < item_.head_end; ++head) {
      std::fill_n(call_.weights + call_.weights_begin[static_cast<std::size_t>(item_.sequence)] +
                      (head * sequence_queries_ + query_begin_) * sequence_keys_,
                  queries_ * sequence_keys_, 0.0f);
    }
  }

  const ForwardCall& call_;
  const AttentionPlan& plan_;
  const AttentionItem item_;
  AttentionMasks masks_;
  const ScoreTerms terms_;
  DistanceTerms distances_;
  ContextualWalk contextual_;
  const std::int64_t head_size_, value_size_;
  std::int64_t padded_values_ = 0;
  std::int64_t sequence_queries_ = 0, sequence_keys_ = 0;
  std::int64_t query_begin_ = 0, queries_ = 0;  // of the sequence
  std::int64_t row_begin_ = 0, key_row_ = 0;    // of the batch
  std::int64_t start_ = 0;                      // the position of the sequence's first query
  std::int64_t key_piece_ = 0;
  std::int64_t key_begin_ = 0, key_end_ = 0;  // of the sequence; begins with a tile
  std::size_t scratch_size_ = 0;
  float* scores_ = nullptr;              // [keys, columns]
  float* values_ = nullptr;              // [keys, padded values], only when padded
  float* transposed_queries_ = nullptr;  // per slot [head size, columns]
  float* sums_ = nullptr;                // per slot [queries, padded values]
  float* states_ = nullptr;              // per slot, see SoftmaxState
  float* term_scratch_ = nullptr;
  std::uint64_t visible_[attention_tile];
};

void run_forward_item(const ForwardCall& call, const AttentionItem& item) {
  ForwardItem(call, item).run();
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

HWY_EXPORT(run_forward_item);
void run_forward_item(const ForwardCall& call, const AttentionItem& item) {
  HWY_DYNAMIC_DISPATCH(run_forward_item)(call, item);
}

}  // namespace heed::cpu
#endif
