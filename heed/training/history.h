// What a run tells of itself, kept in its directory: metrics.jsonl and TensorBoard event files.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/formats/event_file.h"

namespace heed {

// One line per `log_every` steps: means over those steps.
struct StepRecord {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  double loss = 0;  // with label smoothing, per prediction
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_second = 0;
  double seconds = 0;  // since the run began, pauses left out
};

struct ValidationRecord {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  double train_loss = 0;  // without label smoothing, since the last validation
  double loss = 0;        // without label smoothing, per prediction
  // What else was measured, by key.
  std::vector<std::pair<std::string, double>> measures;
  bool best = false;
  double seconds = 0;

  // The loss ("loss") or another measure; nothing when it was not measured this time.
  std::optional<double> measure(std::string_view key) const;
};

// What metrics.jsonl holds, in order.
struct Metrics {
  std::vector<StepRecord> steps;
  std::vector<ValidationRecord> validations;
};

// Reads a metrics.jsonl. Errors: input_output; bad_data naming the file.
Metrics read_metrics(const std::filesystem::path& path);

class History {
 public:
  // Continues the files of `directory`, of which the first `metrics_bytes` bytes of metrics.jsonl
  // and the events up to `last_step` are valid: the rest was written after the checkpoint that the
  // run resumes from, and is cut off. So are the events of a validation at `last_step` that those
  // bytes do not hold. `perplexity`: beside each loss its exponential is written.
  // Errors: input_output; bad_data when metrics.jsonl is too short.
  History(std::filesystem::path directory, std::uint64_t metrics_bytes, std::int64_t last_step,
          bool perplexity = true);

  void add(const StepRecord& record);
  void add(const ValidationRecord& record);

  // Everything so far is in the system's hands; the length of metrics.jsonl.
  std::uint64_t flush();

  const std::vector<StepRecord>& steps() const { return metrics_.steps; }
  const std::vector<ValidationRecord>& validations() const { return metrics_.validations; }

 private:
  void write_line(const std::string& line);

  std::filesystem::path path_;
  bool perplexity_;
  std::ofstream file_;
  std::uint64_t bytes_ = 0;
  Metrics metrics_;
  EventFileWriter events_;
};

}  // namespace heed
