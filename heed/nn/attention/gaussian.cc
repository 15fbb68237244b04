#include "heed/nn/attention/gaussian.h"

#include <cmath>
#include <limits>

#include "heed/ops/heads.h"
#include "heed/ops/rows.h"

namespace heed {

namespace {

class GaussianScore : public AttentionPart {
 public:
  GaussianScore(const AttentionConfig& config, const AttentionScope& scope)
      : scale_(config.width > 0
                   ? static_cast<float>(1 / (config.width * config.width))
                   : static_cast<float>(1 / std::sqrt(static_cast<double>(scope.key_size)))) {
    if (config.width == 0) {
      narrowing_ = Parameter({scope.key_heads}, Initial::zeros, false, scope.device);
    }
  }

  // |e^s q - e^s k|² / sqrt(size) = |q - k|² / σ².
  Tensor queries(const Tensor& q, ForwardContext&) const override { return narrowed(q); }
  Tensor keys(const Tensor& k, ForwardContext&) const override { return narrowed(k); }
  void plan(AttentionPlan& plan, const Sequences&, ForwardContext&) const override {
    plan.scorer = AttentionScorer::gaussian;
    plan.scale = scale_;
  }
  void visit(ParameterVisitor& visitor) override { visitor.parameter("narrowing", narrowing_); }

 private:
  // The heads of a group share their key head's factor.
  Tensor narrowed(const Tensor& x) const {
    if (!narrowing_.defined()) {
      return x;
    }
    constexpr double unbounded = std::numeric_limits<double>::infinity();
    return ops::scale_columns(x, ops::exponentials(narrowing_.value, unbounded));
  }

  Parameter narrowing_;  // [key heads], s; undefined: the width is fixed
  float scale_;
};

}  // namespace

AttentionKind gaussian_kind() {
  return {.key = "kind",
          .name = "gaussian",
          .summary = "A Gaussian of the distance of query and key (Nadaraya, 1964; Watson, 1964)",
          .make = [](const AttentionConfig& config, const AttentionScope& scope) {
            return std::make_unique<GaussianScore>(config, scope);
          }};
}

}  // namespace heed
