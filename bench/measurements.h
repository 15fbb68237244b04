// What a benchmark run measured, read from its lines of JSON and summed up over the rounds.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "heed/base/json.h"

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
  // The peak without weights, gradients and Adam's two moments, all in float32, in megabytes.
  double memory_of_work() const;
};

// Training steps of heed with one position encoding.
struct PositionRow {
  std::string kind;
  std::map<int, double> seconds;       // of a step (median), by round
  std::map<int, double> peak_tensors;  // megabytes of tensors, by the length of the sentences
};

// Attention forward and backward of one program, without and with a causal mask.
struct AttentionRow {
  std::string program, precision;
  int length = 0;
  bool causal = false;
  double operations = 0;          // of what the mask leaves, both passes
  std::map<int, double> seconds;  // by round
};

// Decoding of one model in one way by one program.
struct DecodingRow {
  std::string program, model, precision;
  int beam = 0, batch = 0;
  std::map<int, double> tokens_per_second;  // by round; of the best number of workers

  double weight_bytes_of_step = 0;  // of heed

  // "beam 5, batches of 64, int8"
  std::string name() const;
  bool same_work(const DecodingRow& other) const {
    return model == other.model && precision == other.precision && beam == other.beam &&
           batch == other.batch;
  }
};

// Byte-level byte-pair encoding of one text by one program.
struct TokenizerRow {
  std::string program;
  double megabytes = 0;                                      // of the text
  std::map<int, double> learning_seconds, encoding_seconds;  // by round
};

// A language model that reads a prompt and writes, by one program.
struct WritingRow {
  std::string program, precision;
  int streams = 1;  // texts side by side
  int prompt_tokens = 0;
  std::map<int, double> reading, writing;  // tokens a second, by round
  std::map<int, double> gigabytes;         // of weights, a second of writing; heed's alone
};

struct Measurements {
  Json lines = Json::array();
  std::string sentences, torch_version, ctranslate2_version, tokenizers_version, llama_cpp_version;
  std::map<std::string, std::string> model_sizes;  // of the models decoded, by directory
  int threads = 0;
  int rounds = 0;
  // The best of all rounds, by precision: 10^9 operations per second.
  std::map<std::string, double> gemm_gigaops;
  double memory_gigabytes = 0;               // per second, likewise
  std::map<std::string, double> operations;  // of the model in all measured steps, by size
  std::vector<TrainingRow> training;         // in the order of the first round
  std::map<int, double> one_thread;          // heed's seconds of a reference step in float32
  std::vector<PositionRow> positions;        // in order; the first one is compared with
  std::vector<AttentionRow> attention;
  std::vector<DecodingRow> decoding;
  std::vector<TokenizerRow> tokenizers;  // heed first
  std::vector<WritingRow> writing;       // in order

  // PyTorch's row of the same work as heed's; null when it was not measured.
  const AttentionRow* peer_of(const AttentionRow& row) const;
  // heed's row at this size and precision; null when none was measured.
  const TrainingRow* own_row(const std::string& size, const std::string& precision) const;
  // CTranslate2's row of the same work as heed's; null likewise.
  const DecodingRow* peer_of(const DecodingRow& row) const;
  // The PyTorch row with the least seconds per step, or null when none was measured.
  const TrainingRow* fastest_torch(const std::string& size, const std::string& precision) const;
  // Seconds of `base` over those of `row`, in each round that has both; empty if none has.
  static std::vector<double> ratios(const std::map<int, double>& base,
                                    const std::map<int, double>& row);
  // How many times as fast as PyTorch's fastest float32 mode at this size; empty if not measured.
  std::vector<double> speedups(const TrainingRow& row) const;
  // How many times as fast as the peer; empty if that was not measured.
  std::vector<double> speedups(const AttentionRow& row) const;
  std::vector<double> speedups(const DecodingRow& row) const;
  // How many times as long as with the first scheme a step takes.
  std::vector<double> costs(const PositionRow& row) const;
  // How many times as fast two (or more) threads are as one; empty if not measured.
  std::vector<double> thread_speedups() const;
  // The operations of the model on real tokens per second, over the best matrix product.
  double share_of_peak(const TrainingRow& row) const;
};

// Errors name the file: input_output, bad_data.
Measurements read_measurements(const std::filesystem::path& path);

}  // namespace heed::bench
