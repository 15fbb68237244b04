// How well a model foretells given texts, each token after the right ones before it ("teacher
// forcing"): for training, and to score texts. Threads may share the model.
#pragma once

#include <vector>

#include "heed/nn/generator.h"
#include "heed/ops/softmax.h"

namespace heed {

// Prompts, and for each token that is begun the one that comes next.
struct GeneratorExamples {
  Prompts prompts;
  Tensor outputs;  // int32 [tokens of prompts.begun]
};

// The loss of the batch (see CrossEntropyOptions::scale); differentiable. In training with bfloat16
// what the backward pass needs is kept at half width (ForwardContext::rounds_activations).
ops::CrossEntropyResult generator_loss(const Generator& model, const Prompts& prompts,
                                       const Tensor& outputs,
                                       const ops::CrossEntropyOptions& options,
                                       ForwardContext& context);

// log p of each sequence's outputs, given its source and what comes before each, in float64.
std::vector<double> sequence_log_probabilities(const Generator& model, const Prompts& prompts,
                                               const Tensor& outputs, ForwardContext& context);

}  // namespace heed
