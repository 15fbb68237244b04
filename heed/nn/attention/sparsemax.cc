#include "heed/nn/attention/sparsemax.h"

namespace heed {

namespace {

class Sparsemax : public AttentionPart {
 public:
  void plan(AttentionPlan& plan, const Sequences&, ForwardContext&) const override {
    plan.normalizer = AttentionNormalizer::sparsemax;
  }
};

}  // namespace

AttentionKind sparsemax_kind() {
  return {
      .key = "normalizer",
      .name = "sparsemax",
      .summary = "The scores projected onto the simplex: exact zeros (Martins & Astudillo, 2016)",
      .make = [](const AttentionConfig&, const AttentionScope&) {
        return std::make_unique<Sparsemax>();
      }};
}

}  // namespace heed
