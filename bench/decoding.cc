// Times decoding: tokens of the best hypotheses over the wall time from lines of text to lines of
// text, loading excluded.
//
//   heed_decoding_speed --model run --source test.en --beam 5 --beam 1
//
// Prints one JSON object for each beam; a beam of 1 is greedy search.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "heed/backends/cpu/register.h"
#include "heed/base/config.h"
#include "heed/interop/translator_directory.h"
#include "heed/kernels/kernel.h"
#include "heed/training/validation.h"

namespace {

using namespace heed;

struct Options {
  std::string model, source;
  std::string precision = "float32";
  std::vector<int> beams = {5, 1};
  int threads = 2;
};

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  check_io(file.is_open(), "{}: cannot be read", path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) {
      lines.push_back(line);
    }
  }
  check_data(!lines.empty(), "{}: no lines to translate", path);
  return lines;
}

void measure(const LoadedTranslator& translator, const std::vector<std::string>& lines, int beam,
             const Options& options) {
  DecodingConfig config = translator.decoding;
  config.beam = beam;
  config.n_best = 1;
  const MatmulPrecision precision =
      options.precision == "bf16" ? MatmulPrecision::bfloat16 : MatmulPrecision::float32;
  const auto begin = std::chrono::steady_clock::now();
  const auto sources =
      encode_sources(*translator.tokenizers.source, lines, translator.model->longest());
  const auto hypotheses = decode(*translator.model, sources, translator.symbols, config, precision);
  std::size_t tokens = 0, characters = 0;
  for (const std::vector<Hypothesis>& best : hypotheses) {
    tokens += best.front().tokens.size();
    characters += translator.tokenizers.target->decode(best.front().tokens).size();
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  check(characters > 0, "the model translated every line to nothing");
  Json json;
  json["program"] = "heed";
  json["kind"] = "decoding";
  json["beam"] = beam;
  json["precision"] = options.precision;
  json["threads"] = options.threads;
  json["sentences"] = lines.size();
  json["tokens"] = tokens;
  json["seconds"] = seconds;
  std::printf("%s\n", json.dump().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times decoding");
  Options options;
  app.add_option("--model", options.model, "A run or model directory")->required();
  app.add_option("--source", options.source, "Text, a sentence a line")->required();
  app.add_option("--beam", options.beams)->check(CLI::PositiveNumber);
  app.add_option("--precision", options.precision)->check(CLI::IsMember({"float32", "bf16"}));
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    register_cpu_backend();
    set_thread_count(options.threads);
    const std::vector<std::string> lines = read_lines(options.source);
    const LoadedTranslator translator = load_translator(options.model);
    for (const int beam : options.beams) {
      measure(translator, lines, beam, options);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "heed_decoding_speed: %s\n", error.what());
    return exit_code(error.kind());
  }
}
