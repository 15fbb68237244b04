// The options of decoding that several commands take, and the model they need.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "heed/interop/load_model.h"

namespace heed::app {

// What the command line asks for; what it leaves open is up to the model's directory.
struct DecodingOptions {
  std::string model;
  std::optional<int> beam, n_best, lookahead, max_length, batch_sentences;
  std::optional<double> length_penalty, max_length_ratio;
  bool sample = false, search = false;
  std::optional<double> temperature, top_p;
  std::optional<int> top_k;
  std::optional<std::int64_t> seed;
  std::string precision = "float32";
  int threads = 1;
};

// -m, --model DIR.
void add_model_option(CLI::App& command, std::string& directory);
// --precision and --threads.
void add_computing_options(CLI::App& command, std::string& precision, int& threads);
// --model, --beam, --length-penalty, --lookahead, --max-length, --max-length-ratio, --batch,
// --precision, --threads.
void add_decoding_options(CLI::App& command, DecodingOptions& options);
// --sample and --search, and of sampling --temperature, --top-k, --top-p and the seed.
void add_sampling_options(CLI::App& command, DecodingOptions& options,
                          const std::string& seed_name = "--seed");

// The model's own defaults with what the options say. Errors (usage): values that make no sense.
DecodingConfig decoding_config(const DecodingOptions& options, const DecodingConfig& defaults);

}  // namespace heed::app
