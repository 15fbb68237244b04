#include "apps/heed/decoding_options.h"

#include <algorithm>

#include "apps/heed/common.h"
#include "heed/base/error.h"

namespace heed::app {

void add_model_option(CLI::App& command, std::string& directory) {
  command
      .add_option("-m,--model", directory,
                  "A run, a model directory, or a model in a file of GGUF or llama2.c")
      ->required()
      ->type_name("DIR");
}

void add_computing_options(CLI::App& command, std::string& precision, int& threads) {
  command.add_option("--precision", precision, "Of matrix products: float32, bf16 or int8")
      ->check(CLI::IsMember({"float32", "bf16", "int8"}))
      ->capture_default_str();
  add_threads_option(command, threads);
}

void add_decoding_options(CLI::App& command, DecodingOptions& options) {
  add_model_option(command, options.model);
  command
      .add_option("--beam", options.beam,
                  "Hypotheses kept per sentence; 1 is greedy; the model's own default if not "
                  "given")
      ->type_name("N");
  command
      .add_option("--length-penalty", options.length_penalty,
                  "A hypothesis scores its log-probability / length^P; 0: no normalisation")
      ->type_name("P");
  command
      .add_option("--lookahead", options.lookahead,
                  "Give up a hypothesis that N certain tokens would not bring among the best [5]; "
                  "with the greatest length, only when nothing would")
      ->type_name("N");
  command
      .add_option("--max-length", options.max_length,
                  "Tokens of a translation at most, end symbol included")
      ->type_name("N");
  command
      .add_option("--max-length-ratio", options.max_length_ratio,
                  "And at most X times the tokens of the source, plus 10; 0: no such limit [3]")
      ->type_name("X");
  command.add_option("--batch", options.batch_sentences, "Sentences decoded side by side [64]")
      ->type_name("N");
  add_computing_options(command, options.precision, options.threads);
}

void add_sampling_options(CLI::App& command, DecodingOptions& options,
                          const std::string& seed_name) {
  auto* sample = command.add_flag("--sample", options.sample,
                                  "Draw translations at random instead of searching the best");
  command
      .add_flag("--search", options.search, "Search the best though the model's default is to draw")
      ->excludes(sample);
  command
      .add_option(
          "--temperature", options.temperature,
          "Sampling: divides the logits; below 1 closer to the best, above 1 more varied [1]")
      ->type_name("T");
  command.add_option("--top-k", options.top_k, "Sampling: draw among the K most probable tokens")
      ->type_name("K");
  command
      .add_option("--top-p", options.top_p,
                  "Sampling: draw among the most probable tokens that hold this share")
      ->type_name("P");
  command.add_option(seed_name, options.seed, "Sampling: the same seed, the same translations [1]")
      ->check(seed_range<std::int64_t>())
      ->type_name("N");
}

DecodingConfig decoding_config(const DecodingOptions& options, const DecodingConfig& defaults) {
  DecodingConfig config = defaults;
  config.sample = options.sample || (defaults.sample && !options.search);
  check_usage(
      config.sample || !(options.temperature || options.top_k || options.top_p || options.seed),
      "temperature, top-k, top-p and seed are of sampling, and the model's default is "
      "to search: add --sample");
  // A list that is longer than the default beam needs no second option, nor a beam that is smaller
  // than the default list.
  config.beam = options.beam.value_or(std::max(defaults.beam, options.n_best.value_or(1)));
  config.n_best = options.n_best.value_or(config.sample ? defaults.n_best
                                                        : std::min(defaults.n_best, config.beam));
  config.lookahead = options.lookahead.value_or(defaults.lookahead);
  config.max_length = options.max_length.value_or(defaults.max_length);
  config.batch_sentences = options.batch_sentences.value_or(defaults.batch_sentences);
  config.length_penalty = options.length_penalty.value_or(defaults.length_penalty);
  config.max_length_ratio = options.max_length_ratio.value_or(defaults.max_length_ratio);
  config.temperature = options.temperature.value_or(defaults.temperature);
  config.top_p = options.top_p.value_or(defaults.top_p);
  config.top_k = options.top_k.value_or(defaults.top_k);
  config.seed = options.seed.value_or(defaults.seed);
  check_decoding_config(config);
  return config;
}

}  // namespace heed::app
