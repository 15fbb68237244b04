// Times training steps of a translator, for comparison with other frameworks on the same batches.
//
//   heed_training_step --batches batches.txt --size small --precision float32
//
// Takes the first `warmup` batches of the file (see batch_file.h) without the clock and the next
// `steps` with it, and prints one JSON object: seconds per step (median and each), tokens,
// operations, peak memory. With --positions it is one about that scheme, for heed beside itself.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "batch_file.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/models/translator.h"
#include "process_memory.h"
#include "timed_steps.h"

namespace {

using namespace heed;

struct Options {
  std::string batches;
  std::string size = "small";
  std::string positions;  // empty: those of the comparison with others
  bench::StepOptions steps;
};

TranslatorConfig config_of(const Options& options, std::int64_t longest) {
  TranslatorConfig config;  // the reference sizes: d 512, 6+6 layers, feed-forward 2048
  if (options.size == "small") {
    config.d_model = 128;
    config.encoder_layers = config.decoder_layers = 4;
    config.heads = 4;
    config.feed_forward_size = 256;
  }
  config.dropout = 0.1;
  config.tie_embeddings = "all";
  config.max_length = static_cast<int>(std::max<std::int64_t>(config.max_length, longest));
  if (!options.positions.empty()) {
    config.position.kind = options.positions;
  }
  return config;
}

// Multiplications and additions of the model on real tokens, forward and backward: 6 per weight of
// every matrix and token, and 12·d per attended pair (3 passes over scores and values).
double operations_of(const TranslatorConfig& config, std::int64_t vocabulary,
                     const GeneratorExamples& examples) {
  const double d = config.d_model, f = config.feed_forward_size;
  const double source = static_cast<double>(examples.prompts.source.rows.tokens());
  const double target = static_cast<double>(examples.prompts.begun.rows.tokens());
  double encoder_pairs = 0, decoder_pairs = 0, cross_pairs = 0;
  for (std::int64_t s = 0; s < examples.prompts.source.rows.count(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    const double n =
        examples.prompts.source.rows.offsets[i + 1] - examples.prompts.source.rows.offsets[i];
    const double m =
        examples.prompts.begun.rows.offsets[i + 1] - examples.prompts.begun.rows.offsets[i];
    encoder_pairs += n * n;
    decoder_pairs += m * (m + 1) / 2;
    cross_pairs += n * m;
  }
  const double encoder = source * (4 * d * d + 2 * d * f) * 6 + encoder_pairs * 12 * d;
  const double decoder = (target * (6 * d * d + 2 * d * f) + source * 2 * d * d) * 6 +
                         (decoder_pairs + cross_pairs) * 12 * d;
  return config.encoder_layers * encoder + config.decoder_layers * decoder +
         target * d * static_cast<double>(vocabulary) * 6;
}

std::int64_t longest_of(const bench::BatchFile& file) {
  std::size_t longest = 0;
  for (const bench::BatchIds& batch : file.batches) {
    for (const auto* sentences : {&batch.sources, &batch.targets}) {
      for (const auto& ids : *sentences) {
        longest = std::max(longest, ids.size());
      }
    }
  }
  return static_cast<std::int64_t>(longest);
}

int run(const Options& options) {
  register_cpu_backend();
  set_thread_count(options.steps.threads);
  const bench::BatchFile file = bench::read_batch_file(options.batches);
  check_usage(static_cast<int>(file.batches.size()) >= options.steps.warmup + options.steps.steps,
              "{} holds {} batches, fewer than --warmup and --steps ask for", options.batches,
              file.batches.size());
  const std::int64_t longest = longest_of(file);
  const bench::PeakMemory memory;
  const TranslatorConfig config = config_of(options, longest);
  Translator model(config, {.source_size = file.vocabulary,
                            .target_size = file.vocabulary,
                            .symbols = marian_symbols(file.padding)});
  Json json = bench::time_steps(model, options.steps, 0.1f, [&](int step) {
    bench::StepWork work;
    work.examples = bench::examples_of(file.batches[static_cast<std::size_t>(step)], file.padding);
    work.operations = operations_of(config, model.vocabulary_size(), work.examples);
    return work;
  });
  json["kind"] = options.positions.empty() ? "training_step" : "position_step";
  if (!options.positions.empty()) {
    json["positions"] = options.positions;
    json["longest"] = longest;
  }
  json["size"] = options.size;
  json["peak_megabytes"] = memory.megabytes();
  std::printf("%s\n", json.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times training steps");
  Options options;
  app.add_option("--batches", options.batches, "A file of heed_write_batches")->required();
  app.add_option("--size", options.size)->check(CLI::IsMember({"small", "reference"}));
  app.add_option("--positions", options.positions, "A position.kind in place of sinusoidal");
  bench::add_step_options(app, options.steps);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const heed::Error& error) {
    std::fprintf(stderr, "heed_training_step: %s\n", error.what());
    return heed::exit_code(error.kind());
  }
}
