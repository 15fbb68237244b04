// What a recipe says about the optimizer.
// Thread-safety: plain data.
#pragma once

#include <string>

#include "heed/base/config.h"

namespace heed {

struct OptimizerConfig {
  std::string kind = "adam";
  double beta1 = 0.9;
  double beta2 = 0.98;
  double epsilon = 1e-9;
  double weight_decay = 0;
  double momentum = 0.95;
  double matrix_rate = 10;
  double matrix_decay = -1;
  double clip_norm = 1.0;
  double average_decay = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind,
          "adam (decay as L2 in the gradient), adamw (decoupled decay) or muon (orthogonalised "
          "momentum for the matrices of linear maps inside blocks, adamw for the rest)");
    visit("beta1", beta1, "decay of the mean of gradients");
    visit("beta2", beta2, "decay of the mean of squared gradients");
    visit("epsilon", epsilon, "added to the root of the mean of squares");
    visit("weight_decay", weight_decay,
          "on matrices of linear layers; norms, biases and embeddings are spared");
    visit("momentum", momentum, "muon: decay of the mean of gradients of its matrices");
    visit("matrix_rate", matrix_rate,
          "muon: learning rate of its matrices, as a multiple of schedule.learning_rate");
    visit("matrix_decay", matrix_decay,
          "muon: weight decay of its matrices, by their learning rate; -1: weight_decay");
    visit("clip_norm", clip_norm, "largest global norm of the gradient; 0: no clipping");
    visit("average_decay", average_decay,
          "decay of a moving average of the weights that is validated and saved in their place; 0: "
          "none, 0.999 is usual");
  }
};

// Checks names and ranges. Errors (usage) name the key.
void check_optimizer_config(const OptimizerConfig& config);

}  // namespace heed
