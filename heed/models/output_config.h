// What can be chosen about the layer that gives the logits of a vocabulary.
// Thread-safety: plain data.
#pragma once

#include "heed/nn/generator.h"

namespace heed {

struct OutputConfig {
  bool output_bias = true;
  double logit_scale = 1;
  double logit_soft_cap = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("output_bias", output_bias, "whether the output layer adds a bias to the logits");
    visit("logit_scale", logit_scale, "factor on the logits");
    visit("logit_soft_cap", logit_soft_cap, "logits are bent to stay below this; 0: not");
  }
};

// Errors (usage) name the key and the reason.
void check_output_config(const OutputConfig& config);

// The bias of the logits, zeros at first; undefined when there is none.
Parameter output_bias(const OutputConfig& config, const Shape& shape, Device device);

// The output layer with these parameters.
Projection projection_of(const OutputConfig& config, const Parameter& weight,
                         const Parameter& bias);

}  // namespace heed
