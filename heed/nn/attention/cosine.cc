#include "heed/nn/attention/cosine.h"

#include <cmath>

#include "heed/ops/heads.h"
#include "heed/ops/rows.h"

namespace heed {

namespace {

class CosineScore : public AttentionPart {
 public:
  explicit CosineScore(const AttentionScope& scope)
      : log_scale_({scope.heads}, Initial::zeros, false, scope.device),
        gain_(Tensor::empty({scope.key_size}, log_scale_.value.dtype(), scope.device)) {
    // x / |x| is the root mean square norm with this gain.
    gain_.fill(1 / std::sqrt(static_cast<double>(scope.key_size)));
  }

  Tensor queries(const Tensor& q, ForwardContext&) const override {
    return ops::scale_columns(ops::rms_norm_heads(q, gain_, epsilon),
                              ops::exponentials(log_scale_.value, std::log(largest / initial)));
  }
  Tensor keys(const Tensor& k, ForwardContext&) const override {
    return ops::rms_norm_heads(k, gain_, epsilon);
  }
  void plan(AttentionPlan& plan, const Sequences&, ForwardContext&) const override {
    plan.scale = static_cast<float>(initial);
  }
  void visit(ParameterVisitor& visitor) override { visitor.parameter("log_scale", log_scale_); }

 private:
  static constexpr double initial = 10;
  static constexpr double largest = 100;
  static constexpr float epsilon = 1e-12f;  // keeps a vector of zeros at zero

  Parameter log_scale_;  // [heads], s
  Tensor gain_;          // [key size]
};

}  // namespace

AttentionKind cosine_kind() {
  return {.key = "kind",
          .name = "cosine",
          .summary = "The cosine of query and key times a learned scale (Liu et al., 2022)",
          .make = [](const AttentionConfig&, const AttentionScope& scope) {
            return std::make_unique<CosineScore>(scope);
          }};
}

}  // namespace heed
