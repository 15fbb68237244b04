// What can be chosen about the layer that gives the logits of a vocabulary.
// Thread-safety: plain data.
#pragma once

#include "heed/nn/generator.h"

namespace heed {

struct OutputConfig {
  double logit_scale = 1;
  double logit_soft_cap = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("logit_scale", logit_scale, "factor on the logits");
    visit("logit_soft_cap", logit_soft_cap, "logits are bent to stay below this; 0: not");
  }
};

// Errors (usage) name the key and the reason.
void check_output_config(const OutputConfig& config);

// The output layer with these parameters.
Projection projection_of(const OutputConfig& config, const Parameter& weight,
                         const Parameter& bias);

}  // namespace heed
