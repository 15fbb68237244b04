// What a run keeps of its test: results.json, rows on the page, scalars for TensorBoard.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "heed/base/json_forward.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/tasks/run.h"

namespace heed {

// Numbers that are not finite stand as null in the file and are read back as NaN.
struct RunResults {
  std::string version;  // of heed
  std::string time;     // when the test was done: "2026-03-01T12:30:00Z"
  std::string task;
  std::string title;
  std::int64_t seed = 0;
  std::string precision;
  std::int64_t steps = 0;
  std::string model;  // the directory in the run that was tested: "step-1500", "average"
  double training_seconds = 0;
  double test_seconds = 0;
  TestResult test;
};

// A measure of all examples, with its interval where there are some.
TestMeasure measure_of(const Metric& metric, const SentenceStatistics& statistics,
                       const std::string& signature = "");

Json results_json(const RunResults& results);

// Writes results.json into the run directory, adds the test to report.html, where there is one, and
// writes events.out.tfevents.heed-test. What an earlier test left is replaced. Errors:
// input_output.
void keep_results(const RunResults& results, const std::filesystem::path& run);

// The same for a test of the best weights that took `seconds`.
void keep_test_result(const Recipe& recipe, const std::filesystem::path& run,
                      const TrainingOutcome& trained, const TestResult& test, double seconds);

// What results.json of a run directory says; nothing when there is none. Errors: input_output;
// bad_data naming the file.
std::optional<RunResults> read_results(const std::filesystem::path& run);

// Forgets the test of a run.
void remove_results(const std::filesystem::path& run);

}  // namespace heed
