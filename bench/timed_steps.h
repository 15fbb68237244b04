// Training steps under a clock, as the programs that time them share: options, the step, the line
// of JSON.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/nn/generator_loss.h"

namespace heed::bench {

struct StepOptions {
  std::string precision = "float32";
  bool recompute = false;  // feed-forward values in the backward pass
  int steps = 20;
  int warmup = 4;
  int threads = 2;
};

// --precision --recompute --steps --warmup --threads
void add_step_options(CLI::App& app, StepOptions& options);

// The examples of one step, and the multiplications and additions of the model on their real
// tokens, forward and backward.
struct StepWork {
  GeneratorExamples examples;
  double operations = 0;
};

// Trains the model by Adam on work_of(0), work_of(1), …: --warmup steps without the clock, --steps
// with it. A step is loss, gradients, clipping by the global norm and the update. Returns the line
// to print: seconds (median and each), tokens (of all sides), operations, losses, parameters.
Json time_steps(Generator& model, const StepOptions& options, float smoothing,
                const std::function<StepWork(int)>& work_of);

}  // namespace heed::bench
