// Times training steps of a language model of a named size, for comparison with other frameworks.
//
//   heed_language_model_step --size gpt2-124m --precision bf16
//
// Texts of --length random tokens, --texts of them a step: the work of a step depends on lengths
// alone. Prints the same JSON object as heed_training_step.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/models/language_model.h"
#include "heed/models/language_model_presets.h"
#include "process_memory.h"
#include "timed_steps.h"

namespace {

using namespace heed;

struct Options {
  std::string size = "gpt2-124m";
  int texts = 4;
  int length = 1024;
  int vocabulary = 50257;
  bench::StepOptions steps;
};

// 6 per weight of every matrix and token, the output layer's included, and 12 d per attended pair.
double operations_of(const LanguageModelConfig& config, const Options& options) {
  const double d = config.d_model, length = options.length;
  const double weights = config.layers * (4 * d * d + 2 * d * config.feed_forward_size) +
                         d * static_cast<double>(options.vocabulary);
  const double pairs = length * (length + 1) / 2;
  return options.texts * (length * 6 * weights + config.layers * pairs * 12 * d);
}

GeneratorExamples random_texts(const Options& options, int step) {
  Random random(static_cast<std::uint64_t>(step));
  std::vector<std::int32_t> begun, outputs;
  for (int text = 0; text < options.texts; ++text) {
    std::vector<std::int32_t> ids;
    for (int i = 0; i <= options.length; ++i) {
      ids.push_back(
          static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(options.vocabulary))));
    }
    begun.insert(begun.end(), ids.begin(), ids.end() - 1);
    outputs.insert(outputs.end(), ids.begin() + 1, ids.end());
  }
  const std::int64_t tokens = static_cast<std::int64_t>(options.texts) * options.length;
  const std::vector<std::int32_t> lengths(static_cast<std::size_t>(options.texts), options.length);
  GeneratorExamples examples;
  examples.prompts.begun = {.ids = Tensor::from_values<std::int32_t>(begun, {tokens}),
                            .rows = make_sequences(lengths)};
  examples.outputs = Tensor::from_values<std::int32_t>(outputs, {tokens});
  return examples;
}

int run(const Options& options) {
  register_cpu_backend();
  set_thread_count(options.steps.threads);
  LanguageModelConfig config = language_model_preset(options.size).config;
  // As in pre-training on more text than is read twice; PyTorch's program does the same.
  config.dropout = config.attention_dropout = 0;
  check_usage(options.length <= config.max_length, "--length: {} reads up to {} tokens",
              options.size, config.max_length);
  const bench::PeakMemory memory;
  LanguageModel model(config, options.vocabulary);
  Json json = bench::time_steps(model, options.steps, 0.0f, [&](int step) {
    return bench::StepWork{random_texts(options, step), operations_of(config, options)};
  });
  json["kind"] = "training_step";
  json["size"] = options.size;
  json["peak_megabytes"] = memory.megabytes();
  std::printf("%s\n", json.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times training steps of a language model");
  Options options;
  app.add_option("--size", options.size, "A model.preset");
  app.add_option("--texts", options.texts, "Texts a step")->check(CLI::PositiveNumber);
  app.add_option("--length", options.length, "Tokens of each")->check(CLI::PositiveNumber);
  app.add_option("--vocabulary", options.vocabulary)->check(CLI::PositiveNumber);
  bench::add_step_options(app, options.steps);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const heed::Error& error) {
    std::fprintf(stderr, "heed_language_model_step: %s\n", error.what());
    return heed::exit_code(error.kind());
  }
}
