#include "heed/nn/attention/dot.h"

#include <cmath>

namespace heed {

namespace {

class DotProduct : public AttentionPart {
 public:
  explicit DotProduct(float scale) : scale_(scale) {}

  void plan(AttentionPlan& plan, const Sequences&, ForwardContext&) const override {
    plan.scale = scale_;
  }

 private:
  float scale_;
};

}  // namespace

AttentionKind dot_kind() {
  return {.key = "kind",
          .name = "dot",
          .summary = "The dot product of query and key (Luong et al., 2015)",
          .make = [](const AttentionConfig&, const AttentionScope&) {
            return std::make_unique<DotProduct>(1.0f);
          }};
}

AttentionKind scaled_dot_kind() {
  return {.key = "kind",
          .name = "scaled_dot",
          .summary = "The dot product over the root of the head's size (Vaswani et al., 2017)",
          .make = [](const AttentionConfig& config, const AttentionScope& scope) {
            const double size = static_cast<double>(scope.key_size);
            const double scale = config.scale > 0 ? config.scale : 1.0 / std::sqrt(size);
            return std::make_unique<DotProduct>(static_cast<float>(scale));
          }};
}

}  // namespace heed
