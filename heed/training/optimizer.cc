#include "heed/training/optimizer.h"

#include <cmath>

#include "heed/autograd/gradient.h"
#include "heed/base/error.h"
#include "heed/kernels/optimizer.h"

namespace heed {

void check_optimizer_config(const OptimizerConfig& config) {
  check_usage(config.kind == "adam" || config.kind == "adamw",
              "optimizer.kind '{}': expected adam or adamw", config.kind);
  const auto fraction = [](const char* key, double value) {
    check_usage(value >= 0 && value < 1, "optimizer.{}: must be in [0, 1), got {}", key, value);
  };
  fraction("beta1", config.beta1);
  fraction("beta2", config.beta2);
  fraction("average_decay", config.average_decay);
  check_usage(config.epsilon > 0, "optimizer.epsilon: must be positive, got {}", config.epsilon);
  check_usage(config.weight_decay >= 0, "optimizer.weight_decay: must not be negative, got {}",
              config.weight_decay);
  check_usage(config.clip_norm >= 0, "optimizer.clip_norm: must not be negative, got {}",
              config.clip_norm);
}

Optimizer::Optimizer(Module& module, const OptimizerConfig& config) : config_(config) {
  check_optimizer_config(config);
  for (const NamedParameter& parameter : parameters_of(module)) {
    const Tensor& value = parameter.parameter->value;
    const auto zeros = [&] { return Tensor::zeros(value.shape(), value.dtype(), value.device()); };
    items_.push_back({parameter, zeros(), zeros(), has_average() ? value.clone() : Tensor()});
  }
}

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
  const auto count = static_cast<double>(steps_);
  for (const Item& item : items_) {
    const Tensor& weights = item.parameter.parameter->value;
    const Tensor gradient = gradient_of(weights);
    if (!gradient.defined()) {
      continue;
    }
    ExecutionContext context = context_for(weights.device());
    adam_step(context,
              {.weights = weights,
               .gradient = gradient,
               .first_moment = item.first_moment,
               .second_moment = item.second_moment,
               .average = item.average.defined() ? item.average.view() : View(),
               .learning_rate = learning_rate,
               .beta1 = config_.beta1,
               .beta2 = config_.beta2,
               .epsilon = config_.epsilon,
               .weight_decay = item.parameter.parameter->decays ? config_.weight_decay : 0.0,
               .coupled_decay = config_.kind == "adam",
               .gradient_scale = clip,
               .correction1 = 1 - std::pow(config_.beta1, count),
               .correction2 = 1 - std::pow(config_.beta2, count),
               .average_decay = config_.average_decay});
    weights.renew_stamp();
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
    result.push_back({item.parameter.name + ".first_moment", item.first_moment});
    result.push_back({item.parameter.name + ".second_moment", item.second_moment});
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
