// Adam and AdamW over all parameters of a module, with clipping by the global norm and an
// exponential moving average of the weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/nn/module.h"

namespace heed {

struct OptimizerConfig {
  std::string kind = "adam";
  double beta1 = 0.9;
  double beta2 = 0.98;
  double epsilon = 1e-9;
  double weight_decay = 0;
  double clip_norm = 1.0;
  double average_decay = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind, "adam (decay as L2 in the gradient) or adamw (decoupled decay)");
    visit("beta1", beta1, "decay of the mean of gradients");
    visit("beta2", beta2, "decay of the mean of squared gradients");
    visit("epsilon", epsilon, "added to the root of the mean of squares");
    visit("weight_decay", weight_decay,
          "on matrices of linear layers; norms, biases and embeddings are spared");
    visit("clip_norm", clip_norm, "largest global norm of the gradient; 0: no clipping");
    visit("average_decay", average_decay,
          "decay of a moving average of the weights that is validated and saved in their place; 0: "
          "none, 0.999 is usual");
  }
};

// Checks names and ranges. Errors (usage) name the key.
void check_optimizer_config(const OptimizerConfig& config);

class Optimizer {
 public:
  // Keeps pointers into `module`, which must outlive it. Every parameter must want a gradient.
  // Errors (usage) name the key.
  Optimizer(Module& module, const OptimizerConfig& config);

  // The global norm of all gradients, padding rows excluded (their gradients are set to 0 here).
  double gradient_norm();

  // One update with what gradient_norm() measured: clips, steps, forgets the gradients.
  void step(double learning_rate, double gradient_norm);
  // Forgets the gradients without a step.
  void skip();

  std::int64_t steps() const { return steps_; }

  // The moments (and the average) by name, sharing memory, to be saved and filled again.
  std::vector<NamedTensor> state() const;
  void set_steps(std::int64_t steps) { steps_ = steps; }

  // Exchanges the weights with their average, if there is one; called again, changes back.
  void swap_average();
  bool has_average() const { return config_.average_decay > 0; }

 private:
  struct Item {
    NamedParameter parameter;
    Tensor first_moment, second_moment, average;
  };

  OptimizerConfig config_;
  std::vector<Item> items_;
  std::int64_t steps_ = 0;
};

}  // namespace heed
