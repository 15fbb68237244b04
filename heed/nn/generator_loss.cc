#include "heed/nn/generator_loss.h"

#include "heed/autograd/kept_activation.h"

namespace heed {

ops::CrossEntropyResult generator_loss(const Generator& model, const Prompts& prompts,
                                       const Tensor& outputs,
                                       const ops::CrossEntropyOptions& options,
                                       ForwardContext& context) {
  const RoundedActivations rounded(context.rounds_activations());
  const Tensor states = model.hidden(prompts, context);
  return ops::projection_cross_entropy(states, model.projection(), outputs, options);
}

std::vector<double> sequence_log_probabilities(const Generator& model, const Prompts& prompts,
                                               const Tensor& outputs, ForwardContext& context) {
  const NoGradientScope no_gradients;
  const Tensor states = model.hidden(prompts, context);
  const std::vector<double> tokens =
      ops::projection_log_probabilities(states, model.projection(), outputs, context.precision);
  std::vector<double> sums;
  const std::vector<std::int32_t>& offsets = prompts.begun.rows.offsets;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    double sum = 0;
    for (std::int32_t row = offsets[s]; row < offsets[s + 1]; ++row) {
      sum += tokens[static_cast<std::size_t>(row)];
    }
    sums.push_back(sum);
  }
  return sums;
}

}  // namespace heed
