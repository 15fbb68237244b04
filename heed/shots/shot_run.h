// Asks a language model the documents of a task, with a number of examples in front of each.
//
//   const ShotResult result = run_shots(task, {model.generator(), model.tokenizers, model.symbols},
//                                       {.shots = 4});
//
// Prompts, answers, draws of examples and measures are those of lm-evaluation-harness 0.4, with
// fewshot_seed as ShotOptions::seed.
//
// Thread-safety: any thread, at any time; threads may share model and task.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/nn/forward_context.h"
#include "heed/shots/shot_task.h"
#include "heed/tasks/text_model.h"

namespace heed {

struct ShotOptions {
  int shots = 0;
  std::int64_t limit = 0;     // documents at most; 0: all
  std::uint32_t seed = 1234;  // of the draws of examples
};

// The documents of one measure.
struct ShotMeasure {
  std::string metric;
  double value = 0;  // the mean; perplexity: exp(−mean)
  double error = 0;  // its standard error; of a perplexity by its derivative
  bool lower_is_better = false;
  std::vector<double> values;  // of each document: 0 or 1; perplexity: log p of the target
};

struct ShotResult {
  std::string task;
  int shots = 0;
  std::vector<ShotMeasure> measures;
  std::vector<std::string> prompts;  // of each document
  std::vector<std::string> answers;  // what the model prefers, or writes
  double seconds = 0;
};

// Errors: bad_data that names the task's file and what a document lacks; usage: more shots than
// there are examples, a prompt that is too long for a written answer.
ShotResult run_shots(const ShotTask& task, const TextModel& model, const ShotOptions& options,
                     const ForwardContext& context = {});

}  // namespace heed
