// The training loop of a Generator, and everything that a run keeps.
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
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "heed/data/batch_stream.h"
#include "heed/formats/checkpoint.h"
#include "heed/inspect/report.h"
#include "heed/training/history.h"
#include "heed/training/optimizer.h"
#include "heed/training/progress.h"
#include "heed/training/run_identity.h"
#include "heed/training/schedule.h"
#include "heed/training/training_config.h"
#include "heed/training/validation.h"

namespace heed {

struct TrainingSetup {
  Generator* model = nullptr;  // initialised; wants gradients
  std::shared_ptr<const TokenStore> corpus;
  const Validator* validator = nullptr;  // none: no validation
  TextSymbols symbols;
  std::shared_ptr<const BatchSampler> sampler;  // none: sentences are always cut the same way
  TrainingConfig training;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  BatchConfig batches;
  MatmulPrecision precision = MatmulPrecision::float32;
  std::uint64_t seed = 1;

  std::filesystem::path directory;  // exists
  bool resume = false;
  RunIdentity identity;  // compared on a resume
  // Files of the model directory besides model.safetensors, by name.
  std::vector<std::pair<std::string, std::string>> model_files;
  std::string title;
  Progress* progress = nullptr;
};

struct TrainingOutcome {
  std::int64_t steps = 0;
  std::int64_t skipped = 0;    // updates among them whose loss or gradient was not finite
  int interrupted = 0;         // the signal that ended the run, or 0
  std::filesystem::path best;  // model directory of the best weights
  std::optional<double> best_loss, best_bleu;
  std::string reason;  // why it ended, in words
  double seconds = 0;
};

class Trainer {
 public:
  // Errors: usage (a bad key; a resume whose identity differs, naming what differs; a directory
  // that holds a run already), bad_data (no sound checkpoint to resume from).
  explicit Trainer(TrainingSetup setup);

  TrainingOutcome run();

 private:
  // Everything besides weights and moments that a resume needs.
  struct State {
    std::int64_t step = 0;
    BatchPosition position;
    std::int64_t skipped = 0;
    double interval_loss = 0;  // since the last line of metrics: smoothed, summed over steps
    double interval_norm = 0;
    std::int64_t interval_steps = 0;
    double train_loss = 0;  // since the last validation: plain, summed over tokens
    std::int64_t train_tokens = 0;
    std::optional<double> best_loss, best_bleu;
    std::int64_t best_step = 0;
    int waited = 0;  // validations without improvement
    double seconds = 0;
  };

  void load_checkpoint();
  void check_identity(const Json& saved) const;
  void finish_validation();
  void train_step();
  bool apply_update(double loss, const BatchPosition& position);
  void log_step();
  void validate();
  bool is_better(const ValidationResult& result) const;
  void save_checkpoint();
  // Points last, and best where it is, to the checkpoint of this step, and deletes old ones.
  void settle_checkpoint();
  void write_report(const std::vector<std::string>& translations);
  void average_last();
  void show_progress();
  double fraction_done() const;
  double elapsed() const;
  std::optional<std::string> reason_to_stop() const;

  TrainingSetup setup_;
  State state_;
  Optimizer optimizer_;
  Schedule schedule_;
  std::unique_ptr<History> history_;
  std::unique_ptr<BatchStream> batches_;
  std::vector<std::string> last_translations_;
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
