// The training loop of a task, and everything that a run keeps.
//
//   Trainer trainer(setup);      // a new run, or the continuation of one
//   TrainingOutcome outcome = trainer.run();
//
// A run directory holds metrics.jsonl, TensorBoard events, report.html, checkpoints step-N with the
// links best and last, and validation/step-N.txt. A checkpoint is a model directory with
// optimizer.safetensors and state.json beside the model's own files.
//
// What follows from a step is a function of the recipe, the seed and the step alone: dropout is
// keyed by (seed, step, example, position), batches by (seed, epoch), and a resumed run continues
// in the middle of an epoch. So a run that was killed ends with the same bytes as one that was not.
//
// Thread-safety: one thread at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "heed/data/batch_stream.h"
#include "heed/kernels/matmul.h"
#include "heed/training/history.h"
#include "heed/training/optimizer.h"
#include "heed/training/progress.h"
#include "heed/training/run_identity.h"
#include "heed/training/schedule.h"
#include "heed/training/task.h"
#include "heed/training/training_config.h"

namespace heed {

struct TrainingSetup {
  Task* task = nullptr;  // outlives the trainer
  TrainingConfig training;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  BatchConfig batches;
  MatmulPrecision precision = MatmulPrecision::float32;
  std::uint64_t seed = 1;

  std::filesystem::path directory;  // exists
  bool resume = false;
  RunIdentity identity;  // compared on a resume
  std::string title;
  std::vector<SummaryRow> facts;  // that the page's Run section begins with: the seed, say
  std::string recipe;             // as text, for the page; may be empty
  Progress* progress = nullptr;   // null: nobody listens
  // Asked after each step: a number that is not 0 ends the run, which can be resumed. A program
  // gives the signal that came.
  std::function<int()> interrupted;
  double seconds_before = 0;  // that a new run counts as spent already: on measuring its budget
};

struct TrainingOutcome {
  std::int64_t steps = 0;
  std::int64_t skipped = 0;    // updates among them whose loss or gradient was not finite
  int interrupted = 0;         // what ended the run before its time, or 0
  std::filesystem::path best;  // model directory of the best weights
  std::optional<ValidationRecord> best_validation;
  std::string reason;  // why it ended, in words
  double seconds = 0;
};

// RUN/validation/step-N.txt: what the task wrote at a validation.
std::filesystem::path validation_text_path(const std::filesystem::path& run, std::int64_t step);

class Trainer {
 public:
  // Asks the model for gradients. Errors: usage (a bad key; a budget, which plan_budget() makes
  // steps of; a measure in training.best_by that the
  // task does not have; a resume whose identity differs, naming what differs; a directory that
  // holds a run already), bad_data (no sound checkpoint to resume from).
  explicit Trainer(TrainingSetup setup);

  TrainingOutcome run();

 private:
  // What a validation changes of the state.
  struct Ending {
    std::optional<ValidationRecord> best;
    std::int64_t best_step = 0;
    int waited = 0;
    double train_loss = 0;
    std::int64_t train_predictions = 0;
    Schedule::State schedule;
    std::uint64_t metrics_bytes = 0;
  };

  // Everything besides weights and moments that a resume needs.
  struct State {
    std::int64_t step = 0;
    BatchPosition position;
    std::int64_t skipped = 0;
    double interval_loss = 0;  // since the last line of metrics: smoothed, summed over steps
    double interval_norm = 0;
    std::int64_t interval_steps = 0;
    double train_loss = 0;  // since the last validation: plain, summed over predictions
    std::int64_t train_predictions = 0;
    std::optional<ValidationRecord> best;
    std::int64_t best_step = 0;
    int waited = 0;  // validations without improvement
    double seconds = 0;
    // The checkpoints that an unbroken run would have saved, ascending: those that keep_last and
    // average_last count. One for an interrupt, or at an end where none was due, is none of them.
    std::vector<std::int64_t> kept;
    bool counts = false;  // whether the checkpoint of this step is one of them
    std::optional<Ending> before_ending;
  };

  void load_checkpoint();
  // Puts the state back to what it was before a validation that only the end of the run called for,
  // when the run goes on after all. Whether it goes on.
  bool goes_on();
  // Remembers the state before such a validation.
  void remember_ending();
  // Takes back what another end of the run, with a validation of its own or without, called best: a
  // checkpoint that the run would not have, or an average.
  void forget_ending(bool validated);
  void finish_validation();
  ForwardContext forward_context() const;
  void train_step();
  bool apply_update(double loss, const BatchPosition& position);
  void log_step();
  void validate();
  Evaluation evaluate(bool thorough) const;
  ValidationRecord record_of(const Evaluation& evaluation) const;
  bool is_better(const ValidationRecord& record) const;
  int pending_interrupt() const { return setup_.interrupted ? setup_.interrupted() : 0; }
  void save_checkpoint();
  // Points last, and best where it is, to the checkpoint of this step, and deletes old ones.
  void settle_checkpoint();
  void write_report();
  // Averages checkpoints at the end of a run. Whether the average is what is called best: it is, if
  // it is better than all before, or if there is no held-out data to say so.
  bool average_last();
  void write_average(std::span<const std::int64_t> steps);
  // Whether it is the best; leaves its weights in the model.
  bool validate_average(const std::string& name);
  void show_progress();
  double fraction_done() const;
  double elapsed() const;
  std::optional<std::string> reason_to_stop() const;
  // The same but for interrupts.
  std::optional<std::string> end_reached() const;

  TrainingSetup setup_;
  State state_;
  Optimizer optimizer_;
  Schedule schedule_;
  std::unique_ptr<History> history_;
  std::unique_ptr<BatchStream> batches_;
  std::vector<TaskMeasure> measures_;
  std::vector<Sample> samples_;  // of the last validation that had some
  std::int64_t saved_step_ = -1;
  std::int64_t batches_in_epoch_ = 0;
  bool epoch_ended_ = false;
  double last_loss_ = 0, last_norm_ = 0;
  // Speed since the last line of metrics.
  std::chrono::steady_clock::time_point started_, interval_started_;
  std::int64_t interval_tokens_ = 0;
  double first_fraction_ = 0;
  double seconds_before_ = 0;
};

}  // namespace heed
