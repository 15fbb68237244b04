// Attention backward: tiles of scores are computed again from q, k and log_sum_exp (Dao et al.,
// "FlashAttention", 2022). One item owns a chunk of keys and walks over all queries in order, so dk
// and dv need no reduction; dq is summed over chunks afterwards, in their order.
#include "heed/backends/cpu/attention/backward_rows.h"
#include "heed/backends/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/attention/backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/attention/backward_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

class BackwardItem {
 public:
  BackwardItem(const BackwardCall& call, const AttentionItem& item)
      : tiles_(call, item),
        at_(tiles_.at()),
        plan_(call.plan),
        masks_(call.plan.dropout, call.plan.heads) {
    lay_out(nullptr);
    lay_out(attention_scratch(scratch_size_));
  }

  void run() {
    const bool one_block = at_.queries > 0 && at_.queries <= at_.query_piece;
    tiles_.start_keys(at_.queries == 0 || plan_.masks_beyond_causal() ||
                      (plan_.causal && (!one_block || !plan_.query_starts.empty())));
    for (std::int64_t query = 0; query < at_.queries; query += at_.query_piece) {
      run_queries({query, std::min(query + at_.query_piece, at_.queries)});
    }
  }

 private:
  void lay_out(float* memory) {
    ScratchCutter cutter(memory);
    const std::int64_t tile = at_.key_piece * at_.query_piece;
    weights_ = cutter.take(tile);
    gradients_ = cutter.take(tile);
    tiles_.lay_out(cutter);
    slopes_ = cutter.take(plan_.soft_cap > 0 ? tile : 0);
    scratch_size_ = cutter.used();
  }

  void run_queries(Span block) {
    const Span seen = seen_keys(plan_, static_cast<std::size_t>(at_.item.sequence), block);
    const std::int64_t end = std::min(seen.end, at_.key_end);
    tiles_.start_queries(block);
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
        run_tile(shape, head, {at_.start, block.begin, key}, first);
        if (at_.single_tile()) {
          tiles_.finish_head(head, block);
        }
      }
      first = false;
    }
    if (first) {
      tiles_.finish_unseeing(block);
    }
    for (int head = at_.item.head_begin; !first && !at_.single_tile() && head < at_.item.head_end;
         ++head) {
      tiles_.finish_head(head, block);
    }
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
    fetch_rows(at_.dk(head, key), at_.dk_stride(), keys, at_.head_size);
    fetch_rows(at_.dv(head, key), at_.dv_stride(), keys, at_.value_size);
  }

  void run_tile(const TileShape& shape, int head, const TilePlace& place, bool first) {
    if (first) {
      tiles_.prepare_head(shape, head, place.query);
    }
    tiles_.multiply_keys(shape, head, place, weights_);
    tiles_.add_terms(shape, head, place, weights_, slopes_);
    tiles_.differentiate(shape, head, place, plan_.dropout.active() ? masks_.keep(head) : nullptr,
                         slopes_, weights_, gradients_);
    tiles_.add_term_gradients(shape, head, place, weights_, gradients_);
    tiles_.add_products(shape, head, place, first, weights_, gradients_);
  }

  BackwardTiles tiles_;
  const BackwardRows& at_;
  const AttentionPlan& plan_;
  AttentionMasks masks_;
  std::size_t scratch_size_ = 0;
  float* weights_ = nullptr;    // [keys, columns]
  float* gradients_ = nullptr;  // [keys, columns]
  float* slopes_ = nullptr;     // [keys, columns]: derivative of the soft cap
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
