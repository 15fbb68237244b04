#include "heed/training/muon.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "heed/kernels/elementwise.h"
#include "heed/kernels/optimizer.h"
#include "heed/training/adam.h"
#include "heed/training/optimizer_kinds.h"

namespace heed {

namespace {

constexpr float linear_coefficient = 3.4445f;
constexpr float cubic_coefficient = -4.7750f;
constexpr float quintic_coefficient = 2.0315f;
constexpr int iterations = 5;
constexpr double least_norm = 1e-7;

class MuonRule : public UpdateRule {
 public:
  explicit MuonRule(const UpdateScope& scope)
      : config_(scope.config), parts_(scope.parameter.parts), precision_(scope.precision) {
    const Tensor& value = scope.parameter.value;
    momentum_ = Tensor::zeros(value.shape(), value.dtype(), value.device());
    if (parts_.empty()) {
      parts_ = {{"", value.size(0)}};
    }
    decay_ = config_.matrix_decay < 0 ? config_.weight_decay : config_.matrix_decay;
  }

  void apply(const ParameterUpdate& update) override {
    ExecutionContext context = context_for(update.weights.device());
    const auto keep = static_cast<float>(config_.momentum);
    const auto take = static_cast<float>((1 - config_.momentum) * update.gradient_scale);
    scale_add(context, update.gradient, take, keep, momentum_);
    const Tensor ahead = Tensor::empty(momentum_.shape(), momentum_.dtype(), momentum_.device());
    scale_add(context, momentum_, keep, 0, ahead);
    scale_add(context, update.gradient, take, 1, ahead);
    std::int64_t begin = 0;
    for (const ParameterPart& part : parts_) {
      const std::int64_t end = begin + part.rows;
      step(context, ahead.rows(begin, end), update.weights.rows(begin, end),
           config_.matrix_rate * update.learning_rate);
      begin = end;
    }
    if (update.average.defined()) {
      scale_add(context, update.weights, static_cast<float>(1 - config_.average_decay),
                static_cast<float>(config_.average_decay), update.average);
    }
  }

  bool side_by_side() const override { return true; }

  std::vector<NamedTensor> state(const std::string& name) const override {
    return {{name + ".momentum", momentum_}};
  }

 private:
  void step(ExecutionContext& context, const Tensor& ahead, const Tensor& weights,
            double rate) const {
    const Tensor change = orthogonalized(ahead, precision_);
    const double shape = static_cast<double>(weights.size(0)) /
                         static_cast<double>(std::max<std::int64_t>(weights.size(1), 1));
    const double wide = rate * std::sqrt(std::max(1.0, shape));
    // The decay joins the change, for 1 - rate · decay may be nearer to 1 than a float can say.
    scale_add(context, weights, static_cast<float>(rate * decay_), static_cast<float>(wide),
              change);
    scale_add(context, change, -1, 1, weights);
  }

  OptimizerConfig config_;
  std::vector<ParameterPart> parts_;
  MatmulPrecision precision_;
  double decay_ = 0;
  Tensor momentum_;
};

}  // namespace

Tensor orthogonalized(const Tensor& x, MatmulPrecision precision) {
  ExecutionContext context = context_for(x.device());
  const auto empty = [&](const Shape& shape) {
    return Tensor::empty(shape, x.dtype(), x.device());
  };
  const bool tall = x.size(0) > x.size(1);
  const std::int64_t side = std::min(x.size(0), x.size(1));
  Tensor now = empty(x.shape()), next = empty(x.shape());
  const Tensor gram = empty({side, side}), polynomial = empty({side, side});
  const View square = polynomial.view();
  const View diagonal(square.data, {side, 1}, {side + 1, 1}, square.dtype, square.device, 0);
  const Tensor ones = empty({side, 1});
  ones.fill(1);
  const double norm = std::sqrt(sum_of_squares(context, x));
  // Not std::max, which would drop a NaN.
  scale_add(context, x, static_cast<float>(1 / (norm < least_norm ? least_norm : norm)), 0, now);
  for (int i = 0; i < iterations; ++i) {
    matmul(context, now, now, gram,
           {.transpose_a = tall, .transpose_b = !tall, .precision = precision});
    scale_add(context, gram, cubic_coefficient, 0, polynomial);
    scale_add(context, ones, linear_coefficient, 1, diagonal);
    matmul(context, gram, gram, polynomial,
           {.accumulate = true, .alpha = quintic_coefficient, .precision = precision});
    matmul(context, tall ? now : polynomial, tall ? polynomial : now, next,
           {.precision = precision});
    std::swap(now, next);
  }
  return now;
}

OptimizerKind muon_kind() {
  return {"muon", [](const UpdateScope& scope) -> std::unique_ptr<UpdateRule> {
            if (!scope.parameter.hidden) {
              return make_adamw_rule(scope);
            }
            return std::make_unique<MuonRule>(scope);
          }};
}

}  // namespace heed
