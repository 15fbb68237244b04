#include "heed/training/adam.h"

#include <cmath>

#include "heed/kernels/optimizer.h"
#include "heed/training/optimizer_kinds.h"

namespace heed {

namespace {

class AdamRule : public UpdateRule {
 public:
  AdamRule(const UpdateScope& scope, bool coupled)
      : config_(scope.config),
        decay_(scope.parameter.decays ? scope.config.weight_decay : 0.0),
        coupled_(coupled) {
    const Tensor& value = scope.parameter.value;
    first_moment_ = Tensor::zeros(value.shape(), value.dtype(), value.device());
    second_moment_ = Tensor::zeros(value.shape(), value.dtype(), value.device());
  }

  void apply(const ParameterUpdate& update) override {
    const auto count = static_cast<double>(update.step_count);
    ExecutionContext context = context_for(update.weights.device());
    adam_step(context, {.weights = update.weights,
                        .gradient = update.gradient,
                        .first_moment = first_moment_,
                        .second_moment = second_moment_,
                        .average = update.average.defined() ? update.average.view() : View(),
                        .learning_rate = update.learning_rate,
                        .beta1 = config_.beta1,
                        .beta2 = config_.beta2,
                        .epsilon = config_.epsilon,
                        .weight_decay = decay_,
                        .coupled_decay = coupled_,
                        .gradient_scale = update.gradient_scale,
                        .correction1 = 1 - std::pow(config_.beta1, count),
                        .correction2 = 1 - std::pow(config_.beta2, count),
                        .average_decay = config_.average_decay});
  }

  std::vector<NamedTensor> state(const std::string& name) const override {
    return {{name + ".first_moment", first_moment_}, {name + ".second_moment", second_moment_}};
  }

 private:
  OptimizerConfig config_;
  double decay_;
  bool coupled_;
  Tensor first_moment_, second_moment_;
};

}  // namespace

std::unique_ptr<UpdateRule> make_adamw_rule(const UpdateScope& scope) {
  return std::make_unique<AdamRule>(scope, false);
}

OptimizerKind adam_kind() {
  return {"adam", [](const UpdateScope& scope) -> std::unique_ptr<UpdateRule> {
            return std::make_unique<AdamRule>(scope, true);
          }};
}

OptimizerKind adamw_kind() {
  return {"adamw", &make_adamw_rule};
}

}  // namespace heed
