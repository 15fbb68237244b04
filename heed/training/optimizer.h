// An optimizer over all parameters of a module that learn (Parameter::rate), each changed by the
// rule of its kind (Adam, AdamW, Muon), with clipping by the global norm and an exponential moving
// average of the weights.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "heed/kernels/matmul.h"
#include "heed/nn/module.h"
#include "heed/training/optimizer_config.h"

namespace heed {

class UpdateRule;  // heed/training/update_rule.h

class Optimizer {
 public:
  // Keeps pointers into `module`, which must outlive it. Every parameter that learns must want a
  // gradient.
  // `precision`: of an optimizer's own matrix products, which Muon has. Errors (usage) name the
  // key.
  Optimizer(Module& module, const OptimizerConfig& config,
            MatmulPrecision precision = MatmulPrecision::float32);
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  // The global norm of all gradients, padding rows excluded (their gradients are set to 0 here).
  double gradient_norm();

  // One update with what gradient_norm() measured: clips, steps, forgets the gradients.
  void step(double learning_rate, double gradient_norm);
  // Forgets the gradients without a step.
  void skip();

  std::int64_t steps() const { return steps_; }

  // What the rules remember (and the average) by name, sharing memory, to be saved and filled
  // again.
  std::vector<NamedTensor> state() const;
  void set_steps(std::int64_t steps) { steps_ = steps; }

  // Exchanges the weights with their average, if there is one; called again, changes back.
  void swap_average();
  bool has_average() const { return config_.average_decay > 0; }

 private:
  struct Item {
    NamedParameter parameter;
    std::unique_ptr<UpdateRule> rule;
    Tensor average;
  };

  OptimizerConfig config_;
  std::vector<Item> items_;
  std::int64_t steps_ = 0;
};

}  // namespace heed
