#include "heed/training/optimizer.h"

#include <cmath>
#include <utility>

#include "heed/autograd/gradient.h"
#include "heed/kernels/optimizer.h"
#include "heed/training/optimizer_kinds.h"

namespace heed {

Optimizer::Optimizer(Module& module, const OptimizerConfig& config, MatmulPrecision precision)
    : config_(config) {
  check_optimizer_config(config);
  const OptimizerKind& kind = optimizer_kind(config.kind);
  for (const NamedParameter& item : parameters_of(module)) {
    const Parameter& parameter = *item.parameter;
    if (parameter.rate <= 0) {
      continue;
    }
    items_.push_back({item, kind.make({parameter, config, precision}),
                      has_average() ? parameter.value.clone() : Tensor()});
  }
}

Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;

double Optimizer::gradient_norm() {
  double sum = 0;
  for (const Item& item : items_) {
    const Tensor gradient = gradient_of(item.parameter.parameter->value);
    if (!gradient.defined()) {
      continue;
    }
    if (const std::int64_t row = item.parameter.parameter->zero_row; row >= 0) {
      gradient.rows(row, row + 1).fill(0);
    }
    ExecutionContext context = context_for(gradient.device());
    sum += sum_of_squares(context, gradient);
  }
  return std::sqrt(sum);
}

void Optimizer::step(double learning_rate, double gradient_norm) {
  ++steps_;
  const double clip = config_.clip_norm > 0 && gradient_norm > config_.clip_norm
                          ? config_.clip_norm / gradient_norm
                          : 1.0;
  std::vector<std::pair<UpdateRule*, ParameterUpdate>> side_by_side;
  for (const Item& item : items_) {
    const Tensor& weights = item.parameter.parameter->value;
    const Tensor gradient = gradient_of(weights);
    if (!gradient.defined()) {
      continue;
    }
    const ParameterUpdate update{.weights = weights,
                                 .gradient = gradient,
                                 .average = item.average,
                                 .learning_rate = learning_rate * item.parameter.parameter->rate,
                                 .gradient_scale = clip,
                                 .step_count = steps_};
    if (item.rule->side_by_side()) {
      side_by_side.emplace_back(item.rule.get(), update);
    } else {
      item.rule->apply(update);
      weights.renew_stamp();
    }
  }
  if (!side_by_side.empty()) {
    const Device device = side_by_side.front().second.weights.device();
    context_for(device).pool->run(
        static_cast<std::int64_t>(side_by_side.size()), [&](std::int64_t i) {
          const auto& [rule, update] = side_by_side[static_cast<std::size_t>(i)];
          rule->apply(update);
          update.weights.renew_stamp();
        });
  }
  skip();
}

void Optimizer::skip() {
  for (const Item& item : items_) {
    clear_gradient(item.parameter.parameter->value);
  }
}

std::vector<NamedTensor> Optimizer::state() const {
  std::vector<NamedTensor> result;
  for (const Item& item : items_) {
    for (NamedTensor& tensor : item.rule->state(item.parameter.name)) {
      result.push_back(std::move(tensor));
    }
    if (item.average.defined()) {
      result.push_back({item.parameter.name + ".average", item.average});
    }
  }
  return result;
}

void Optimizer::swap_average() {
  if (!has_average()) {
    return;
  }
  for (const Item& item : items_) {
    const Tensor& weights = item.parameter.parameter->value;
    const Tensor before = weights.clone();
    weights.copy_from(item.average);
    item.average.copy_from(before);
    weights.renew_stamp();
  }
}

}  // namespace heed
