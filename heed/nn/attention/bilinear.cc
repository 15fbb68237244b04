#include "heed/nn/attention/bilinear.h"

#include <fmt/format.h>

#include "heed/ops/heads.h"

namespace heed {

namespace {

class BilinearScore : public AttentionPart {
 public:
  explicit BilinearScore(const AttentionScope& scope)
      : heads_(scope.heads),
        weight_({scope.heads * scope.key_size, scope.key_size}, Initial::xavier, true,
                scope.device) {
    for (int h = 0; h < scope.heads; ++h) {
      weight_.parts.push_back({fmt::format("bilinear.{}.weight", h), scope.key_size});
    }
  }

  Tensor queries(const Tensor& q, ForwardContext& context) const override {
    return ops::linear_heads(q, weight_.value, heads_, context.precision);
  }
  void visit(ParameterVisitor& visitor) override { visitor.parameter("bilinear", weight_); }

 private:
  int heads_;
  Parameter weight_;  // [heads · key size, key size]
};

}  // namespace

AttentionKind bilinear_kind() {
  return {.key = "kind",
          .name = "bilinear",
          .summary = "A learned matrix per head between query and key (Luong et al., 2015)",
          .make = [](const AttentionConfig&, const AttentionScope& scope) {
            return std::make_unique<BilinearScore>(scope);
          }};
}

}  // namespace heed
