// What every recipe says, whatever its task.
#pragma once

#include <cstdint>
#include <string>

#include "heed/data/batching.h"
#include "heed/training/optimizer.h"
#include "heed/training/schedule.h"
#include "heed/training/training_config.h"

namespace heed {

// The recipe of a task derives from this. Its fields list head_fields() first, then the sections of
// its own, with training_fields() where they belong.
struct RunSettings {
  std::string task;
  std::string title;
  std::int64_t seed = 1;
  int threads = 0;
  std::string precision = "float32";
  std::string init_from;
  BatchConfig batches;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  TrainingConfig training;

  template <typename Visitor>
  void head_fields(Visitor& visit) {
    visit("task", task, "what is learned; `heed recipe` lists the tasks");
    visit("title", title, "heading of the report");
    visit("seed", seed, "of all that is random: the same seed gives the same bytes");
    visit("threads", threads, "0: one for each core; results do not depend on it");
    visit("precision", precision,
          "of matrix products: float32, or bf16 (bfloat16 with float32 master weights; activations "
          "are kept in it, too)");
    visit(
        "init_from", init_from,
        "start from the weights and tokenizers of this model: a run, a model directory, or a file "
        "of GGUF or llama2.c; the keys of `model` need not be given then");
  }

  template <typename Visitor>
  void training_fields(Visitor& visit) {
    visit("batches", batches, "how examples are put together");
    visit("optimizer", optimizer, "how gradients change the weights");
    visit("schedule", schedule, "the learning rate");
    visit("training", training, "how long, and what to keep");
  }

  template <typename Visitor>
  void fields(Visitor& visit) {
    head_fields(visit);
    training_fields(visit);
  }
};

// Checks what can be said before anything is read. Errors (usage) name `source` and the key.
void check_run_settings(const RunSettings& settings, const std::string& source);

}  // namespace heed
