// Times decoding: tokens of the best hypotheses over the wall time from lines of text to lines of
// text, after some that do not count (loading and packing weights excluded).
//
//   heed_decoding_speed --model run --source test.en --beam 5 --beam 1
//
// Prints one JSON object for each beam; a beam of 1 is greedy search.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/load_model.h"
#include "heed/kernels/kernel.h"
#include "heed/models/translator.h"
#include "heed/tasks/line_translator.h"

namespace {

using namespace heed;

struct Options {
  std::string model, source;
  std::string precision = "float32";
  std::vector<int> beams = {5, 1};
  int batch = 64;
  int sentences = 0;  // the first so many; 0: all
  int threads = 2;
};

std::vector<std::string> read_lines(const std::string& path, int most) {
  std::ifstream file(path);
  check_io(file.is_open(), "{}: cannot be read", path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && (most == 0 || static_cast<int>(lines.size()) < most)) {
      lines.push_back(line);
    }
  }
  check_data(!lines.empty(), "{}: no lines to translate", path);
  return lines;
}

struct Work {
  std::size_t tokens = 0, characters = 0;  // of the best hypotheses, end symbols counted
};

// From lines of text to lines of text.
Work translate(const LoadedModel& translator, const std::vector<std::string>& lines,
               const DecodingConfig& config, MatmulPrecision precision) {
  LineTranslator translate({translator.generator(), translator.tokenizers, translator.symbols},
                           config, {.precision = precision});
  Work work;
  for (const LineTranslations& line : translate.translate(lines)) {
    work.tokens += static_cast<std::size_t>(line.best.front().length);
    work.characters += line.best.front().text.size();
  }
  return work;
}

// Bytes of the weights that a step of one sentence reads: those of the decoder, without the
// projections of the source, and of the output layer.
double weight_bytes_of_step(const Translator& model, MatmulPrecision precision) {
  const TranslatorConfig& config = model.config();
  const double d = config.d_model, f = config.feed_forward_size;
  const double weights = config.decoder_layers * (6 * d * d + 2 * d * f) +
                         d * static_cast<double>(model.vocabulary_size());
  return weights * (precision == MatmulPrecision::int8       ? 1
                    : precision == MatmulPrecision::bfloat16 ? 2
                                                             : 4);
}

void measure(const LoadedModel& translator, const std::vector<std::string>& lines, int beam,
             const Options& options) {
  DecodingConfig config = translator.decoding;
  config.beam = beam;
  config.n_best = 1;
  config.batch_sentences = options.batch;
  const MatmulPrecision precision = parse_precision(options.precision);
  const auto warm = std::min(lines.size(), static_cast<std::size_t>(2 * options.batch));
  translate(translator, {lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(warm)}, config,
            precision);
  constexpr double least_seconds = 1;
  const auto begin = std::chrono::steady_clock::now();
  Work work;
  double seconds = 0;
  while (seconds < least_seconds) {
    const Work once = translate(translator, lines, config, precision);
    work.tokens += once.tokens;
    work.characters += once.characters;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  check(work.characters > 0, "the model translated every line to nothing");
  Json json;
  json["program"] = "heed";
  json["kind"] = "decoding";
  json["model"] = options.model;
  const TranslatorConfig& sizes = translator.as<Translator>().config();
  json["sizes"] =
      fmt::format("d {}, {}+{} layers", sizes.d_model, sizes.encoder_layers, sizes.decoder_layers);
  json["beam"] = beam;
  json["batch"] = options.batch;
  json["precision"] = options.precision;
  json["threads"] = options.threads;
  json["sentences"] = lines.size();
  json["tokens"] = work.tokens;
  json["seconds"] = seconds;
  json["weight_bytes_of_step"] = weight_bytes_of_step(translator.as<Translator>(), precision);
  std::printf("%s\n", json.dump().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times decoding");
  Options options;
  app.add_option("--model", options.model, "A run or model directory")->required();
  app.add_option("--source", options.source, "Text, a sentence a line")->required();
  app.add_option("--beam", options.beams)->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "Sentences side by side")->check(CLI::PositiveNumber);
  app.add_option("--sentences", options.sentences, "The first so many; 0: all")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--precision", options.precision)
      ->check(CLI::IsMember({"float32", "bf16", "int8"}));
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    register_cpu_backend();
    set_thread_count(options.threads);
    const std::vector<std::string> lines = read_lines(options.source, options.sentences);
    const LoadedModel translator = load_model(options.model);
    for (const int beam : options.beams) {
      measure(translator, lines, beam, options);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "heed_decoding_speed: %s\n", error.what());
    return exit_code(error.kind());
  }
}
