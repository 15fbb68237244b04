#include "apps/heed/decoding_options.h"

#include <algorithm>

#include "apps/heed/common.h"
#include "heed/base/error.h"

namespace heed::app {

void add_model_option(CLI::App& command, std::string& directory) {
  command.add_option("-m,--model", directory, "A run directory or a model directory")
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
  command.add_option("--batch", options.batch_sentences, "Sentences decoded side by side [64]")
      ->type_name("N");
  add_computing_options(command, options.precision, options.threads);
}

void add_sampling_options(CLI::App& command, DecodingOptions& options) {
  auto* sample = command.add_flag("--sample", options.sample,
                                  "Draw translations at random instead of searching the best");
  command
      .add_option("--temperature", options.temperature,
                  "Divides the logits: below 1 closer to the best, above 1 more varied [1]")
      ->needs(sample)
      ->type_name("T");
  command.add_option("--top-k", options.top_k, "Draw among the K most probable tokens")
      ->needs(sample)
      ->type_name("K");
  command
      .add_option("--top-p", options.top_p,
                  "Draw among the most probable tokens that hold this share")
      ->needs(sample)
      ->type_name("P");
  add_seed_option(command, options.seed)->needs(sample);
}

DecodingConfig decoding_config(const DecodingOptions& options, const DecodingConfig& defaults) {
  DecodingConfig config = defaults;
  config.n_best = options.n_best.value_or(1);
  // A list that is longer than the default beam needs no second option.
  config.beam = options.beam.value_or(std::max(defaults.beam, config.n_best));
  config.lookahead = options.lookahead.value_or(defaults.lookahead);
  config.max_length = options.max_length.value_or(defaults.max_length);
  config.batch_sentences = options.batch_sentences.value_or(defaults.batch_sentences);
  config.length_penalty = options.length_penalty.value_or(defaults.length_penalty);
  config.sample = options.sample;
  config.temperature = options.temperature.value_or(1.0);
  config.top_p = options.top_p.value_or(1.0);
  config.top_k = options.top_k.value_or(0);
  config.seed = options.seed;
  check_decoding_config(config);
  return config;
}

}  // namespace heed::app
