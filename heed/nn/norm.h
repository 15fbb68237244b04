// Normalization of rows: layer norm (Ba et al., "Layer normalization", 2016) or by the root mean
// square alone (Zhang & Sennrich, "Root mean square layer normalization", 2019).
//
//   layer: y = (x - mean) / sqrt(variance + epsilon) ⊙ gain + bias
//   rms:   y = x / sqrt(mean(x²) + epsilon) ⊙ gain
// Thread-safety: as Module.
#pragma once

#include <string>

#include "heed/kernels/dropout.h"
#include "heed/nn/module.h"

namespace heed {

struct NormConfig {
  std::string kind = "layer";
  double epsilon = 1e-5;
  bool gain = true;  // a learned factor per column
  bool bias = true;  // a learned summand per column; of layer alone
};

class Norm : public Module {
 public:
  // Errors (usage): an unknown kind.
  Norm(const NormConfig& config, std::int64_t size, Device device);

  // x: [rows, size].
  Tensor forward(const Tensor& x) const;
  // Of x + dropout(branch); of kind layer in one pass.
  Tensor forward_residual(const Tensor& x, const Tensor& branch, const DropoutStream& stream) const;
  void visit(ParameterVisitor& visitor) override;

 private:
  NormConfig config_;
  Parameter gain_;  // [size]: ones, and no parameter, without a gain
  Parameter bias_;  // [size]: zeros, and no parameter, without a bias; undefined for rms
};

}  // namespace heed
