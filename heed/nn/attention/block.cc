#include "heed/nn/attention/block.h"

namespace heed {

namespace {

class Blocks : public AttentionPart {
 public:
  Blocks(int block, int shift) : block_(block), shift_(shift) {}

  void plan(AttentionPlan& plan, const Sequences&, ForwardContext&) const override {
    plan.block = block_;
    plan.block_shift = shift_;
  }

 private:
  int block_;
  int shift_;
};

}  // namespace

AttentionKind block_kind() {
  return {.key = "topology",
          .name = "block",
          .summary = "Blocks of tokens that see themselves alone (Qiu et al., 2020)",
          .make = [](const AttentionConfig& config, const AttentionScope&) {
            return std::make_unique<Blocks>(config.block, 0);
          }};
}

AttentionKind shifted_block_kind() {
  return {.key = "topology",
          .name = "shifted_block",
          .summary = "Blocks that every other layer shifts by half (after Liu et al., 2021)",
          .make = [](const AttentionConfig& config, const AttentionScope& scope) {
            return std::make_unique<Blocks>(config.block,
                                            scope.place.layer % 2 == 1 ? config.block / 2 : 0);
          }};
}

}  // namespace heed
