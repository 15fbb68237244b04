// The loss of scores that a head gives against right labels or numbers.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/tensor/tensor.h"
#include "heed/training/task.h"

namespace heed {

// What is right for each row of scores.
struct LabelTargets {
  std::vector<std::int32_t> classes;  // single_label: [rows]; −1: the row does not count
  std::vector<float> values;          // else [rows, scores]: 0 or 1 for multi_label, or numbers
};

struct LabelLossOptions {
  std::string problem = "single_label";  // as HeadConfig has it
  double smoothing = 0;                  // single_label: share of the target spread over all
  std::vector<double> class_weights;     // factors on the loss of rows by their class; none: 1
  double scale = 1;                      // of Loss::value
};

// scores: [rows, n].
//   single_label: −log softmax(scores)[class];
//   multi_label:  Σ −log σ(±score) over labels, + where the label is right; class_weights there are
//                 factors on the labels that are right;
//   regression:   Σ (score − number)² / n.
// Loss::smoothed is the sum that is minimised, Loss::plain the same without smoothing and weights.
// Errors (failure): sizes that do not fit, a class outside 0 … n-1.
Loss label_loss(const Tensor& scores, const LabelTargets& targets, const LabelLossOptions& options);

}  // namespace heed
