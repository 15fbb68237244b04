// What a benchmark run measured, read from its lines of JSON and summed up over the rounds.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "heed/base/config.h"

namespace heed::bench {

// The middle and the extremes of one figure over the rounds.
struct Spread {
  double least = 0;
  double median = 0;
  double greatest = 0;
};
Spread spread_of(std::vector<double> values);  // at least one
Spread spread_of(const std::map<int, double>& values_by_round);

// Training steps of one program at one size: a row of the table.
struct TrainingRow {
  std::string program, mode, size, precision;
  std::int64_t parameters = 0;
  std::map<int, double> seconds;      // of a step (median), by round
  std::vector<double> total_seconds;  // of all measured steps, by round
  double tokens = 0;                  // real ones of both sides, in all measured steps
  std::vector<double> peak_megabytes;

  std::string name() const { return program == mode ? program : program + " " + mode; }
  Spread tokens_per_second() const;
};

// Training steps of heed with one position encoding.
struct PositionRow {
  std::string kind;
  std::map<int, double> seconds;       // of a step (median), by round
  std::map<int, double> peak_tensors;  // megabytes of tensors, by the length of the sentences
};

// Decoding of one model in one way by one program.
struct DecodingRow {
  std::string program, model, precision;
  int beam = 0, batch = 0;
  std::map<int, double> tokens_per_second;  // by round; of the best number of workers

  bool same_work(const DecodingRow& other) const {
    return model == other.model && precision == other.precision && beam == other.beam &&
           batch == other.batch;
  }
};

struct Measurements {
  Json lines = Json::array();
  std::string sentences, torch_version, ctranslate2_version;
  std::map<std::string, std::string> model_sizes;  // of the models decoded, by directory
  int threads = 0;
  int rounds = 0;
  std::map<std::string, double> gemm_gflops;  // the best of all rounds, by precision
  double memory_gigabytes = 0;                // per second, likewise
  std::map<std::string, double> operations;   // of the model in all measured steps, by size
  std::vector<TrainingRow> training;          // in the order of the first round
  std::vector<PositionRow> positions;         // likewise; the first one is compared with
  std::vector<DecodingRow> decoding;

  // CTranslate2's row of the same work as heed's; null when it was not measured.
  const DecodingRow* peer_of(const DecodingRow& row) const;
  // The PyTorch row with the least seconds per step, or null when none was measured.
  const TrainingRow* fastest_torch(const std::string& size, const std::string& precision) const;
  // Seconds of `base` over those of `row`, in each round that has both; empty if none has.
  static std::vector<double> ratios(const std::map<int, double>& base,
                                    const std::map<int, double>& row);
  // The operations of the model on real tokens per second, over the best matrix product.
  double share_of_peak(const TrainingRow& row) const;
};

// Errors name the file: input_output, bad_data.
Measurements read_measurements(const std::filesystem::path& path);

}  // namespace heed::bench
