// Attention backward with contextual positions: a block of queries against all keys at a time. Its
// tiles are visited twice for each head: from the last key to the first for the scores, and back
// for the gradients, in which each gate needs those of all keys before. One item has a chunk of the
// queries; dk and dv are summed over chunks afterwards, in their order.
#include <vector>

#include "heed/backends/cpu/attention/backward_rows.h"
#include "heed/backends/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/attention/contextual_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/attention/backward_tile-inl.h"
#include "heed/backends/cpu/attention/contextual_gradients-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

class ContextualItem {
 public:
  ContextualItem(const BackwardCall& call, const AttentionItem& item)
      : tiles_(call, item),
        at_(tiles_.at()),
        plan_(call.plan),
        masks_(call.plan.dropout, call.plan.heads),
        contextual_(call.terms, tiles_.wanted().contextual, at_.head_size, at_.keys,
                    at_.query_piece),
        visible_(static_cast<std::size_t>(at_.keys)),
        keep_(static_cast<std::size_t>(plan_.dropout.active() ? 8 * at_.keys : 0)) {
    lay_out(nullptr);
    lay_out(attention_scratch(scratch_size_));
  }

  void run() {
    tiles_.start_keys(true);
    for (std::int64_t query = at_.query_begin; query < at_.query_end; query += at_.query_piece) {
      run_queries({query, std::min(query + at_.query_piece, at_.query_end)});
    }
  }

 private:
  // A tile of keys that some of the queries see.
  struct SeenTile {
    std::int64_t key;
    TileShape shape;
  };

  void lay_out(float* memory) {
    ScratchCutter cutter(memory);
    const std::int64_t all = at_.keys * at_.query_piece;
    scores_ = cutter.take(all);
    gradients_ = cutter.take(at_.key_piece * at_.query_piece);
    tiles_.lay_out(cutter);
    contextual_.lay_out(cutter);
    slopes_ = cutter.take(plan_.soft_cap > 0 ? all : 0);
    scratch_size_ = cutter.used();
  }

  void run_queries(Span block) {
    look(block);
    tiles_.start_queries(block);
    if (plan_.dropout.active()) {
      masks_.start_queries(at_.query_row + block.begin, block.size());
    }
    if (seen_.empty()) {
      tiles_.finish_unseeing(block);
      return;
    }
    for (int head = at_.item.head_begin; head < at_.item.head_end; ++head) {
      if (plan_.dropout.active() && (head == at_.item.head_begin || head % 8 == 0)) {
        draw_masks(head, std::min(at_.item.head_end, head / 8 * 8 + 8));
      }
      run_head(head, block);
    }
  }

  void look(Span block) {
    seen_.clear();
    const Span seen = seen_keys(plan_, static_cast<std::size_t>(at_.item.sequence), block);
    const std::int64_t end = std::min(seen.end, at_.keys);
    for (std::int64_t key = at_.tile_of(seen.begin); key < end; key += at_.key_piece) {
      SeenTile tile{key, {}};
      if (TileShape::look(plan_, at_.item.sequence, block,
                          {key, std::min(key + at_.key_piece, at_.keys)}, visible_.data() + key,
                          &tile.shape)) {
        seen_.push_back(tile);
      }
    }
  }

  // The masks of all tiles for heads head_begin … head_end-1, of one group of eight.
  void draw_masks(int head_begin, int head_end) {
    for (const SeenTile& tile : seen_) {
      masks_.draw(tile.shape, head_begin, head_end, tile.key);
      for (int head = head_begin; head < head_end; ++head) {
        std::copy_n(masks_.keep(head), tile.shape.keys, keep(head, tile.key));
      }
    }
  }
  std::uint64_t* keep(int head, std::int64_t key) {
    return keep_.data() + head % 8 * at_.keys + key;
  }

  void run_head(int head, Span block) {
    const std::int64_t first_key = seen_.front().key;
    const std::int64_t columns = BackwardTiles::columns_of(block);
    tiles_.prepare_head(seen_.front().shape, head, block.begin);
    contextual_.start_head(at_.q(head, block.begin), at_.call.q.stride, block.size(), columns,
                           seen_.back().key + seen_.back().shape.keys - first_key);
    const auto tile_at = [&](const SeenTile& tile, float* all) {
      return all == nullptr ? nullptr : all + (tile.key - first_key) * columns;
    };
    for (std::size_t i = seen_.size(); i-- > 0;) {
      const SeenTile& tile = seen_[i];
      const TilePlace place{at_.start, block.begin, tile.key};
      float* scores = tile_at(tile, scores_);
      tiles_.multiply_keys(tile.shape, head, place, scores);
      contextual_.add(tile.shape, tile.key - first_key, scores);
      tiles_.add_terms(tile.shape, head, place, scores, tile_at(tile, slopes_));
    }
    for (const SeenTile& tile : seen_) {
      const TilePlace place{at_.start, block.begin, tile.key};
      float* weights = tile_at(tile, scores_);
      tiles_.differentiate(tile.shape, head, place,
                           plan_.dropout.active() ? keep(head, tile.key) : nullptr,
                           tile_at(tile, slopes_), weights, gradients_);
      tiles_.add_term_gradients(tile.shape, head, place, weights, gradients_);
      contextual_.differentiate(tile.shape, tile.key - first_key, gradients_);
      tiles_.add_products(tile.shape, head, place, &tile == &seen_.front(), weights, gradients_);
    }
    tiles_.finish_head(head, block);
    contextual_.finish_head(tiles_.unscale(), block.size(), tiles_.padded_query(head, block),
                            at_.dq(head, block.begin), at_.dq_stride());
  }

  BackwardTiles tiles_;
  const BackwardRows& at_;
  const AttentionPlan& plan_;
  AttentionMasks masks_;
  ContextualGradients contextual_;
  std::vector<SeenTile> seen_;          // of the present block of queries
  std::vector<std::uint64_t> visible_;  // of their shapes
  std::vector<std::uint64_t> keep_;     // per head of a group and key, see AttentionMasks
  std::size_t scratch_size_ = 0;
  float* scores_ = nullptr;     // [all keys, columns]
  float* gradients_ = nullptr;  // [keys, columns]
  float* slopes_ = nullptr;     // [all keys, columns]: derivative of the soft cap
};

void run_contextual_backward_item(const BackwardCall& call, const AttentionItem& item) {
  ContextualItem(call, item).run();
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

HWY_EXPORT(run_contextual_backward_item);
void run_contextual_backward_item(const BackwardCall& call, const AttentionItem& item) {
  HWY_DYNAMIC_DISPATCH(run_contextual_backward_item)(call, item);
}

}  // namespace heed::cpu
#endif
