// How an optimizer changes one parameter: what an optimizer kind is made of (optimizer_kinds.h).
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "heed/kernels/matmul.h"
#include "heed/nn/module.h"
#include "heed/training/optimizer_config.h"

namespace heed {

// One update of a parameter.
struct ParameterUpdate {
  Tensor weights;
  Tensor gradient;              // of the same shape
  Tensor average;               // moving average of the weights, or undefined
  double learning_rate = 0;     // that of the schedule
  double gradient_scale = 1;    // what clipping multiplies the gradient by
  std::int64_t step_count = 1;  // counted from 1
};

class UpdateRule {
 public:
  virtual ~UpdateRule() = default;
  // Changes the weights, what the rule remembers, and the average.
  virtual void apply(const ParameterUpdate& update) = 0;
  // Whether a step is many small kernels, which run faster each on a thread of its own beside those
  // of other parameters than one after the other on all threads. Then apply() may be called from
  // several threads, for a rule by one.
  virtual bool side_by_side() const { return false; }
  // What the rule remembers, as "NAME.what" with the parameter's name; shares memory.
  virtual std::vector<NamedTensor> state(const std::string& name) const = 0;
};

// What the rule of a parameter is made from.
struct UpdateScope {
  const Parameter& parameter;  // outlives the rule
  const OptimizerConfig& config;
  MatmulPrecision precision = MatmulPrecision::float32;  // of a rule's own matrix products
};

}  // namespace heed
