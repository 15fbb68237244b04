// How fast a language model reads a prompt and writes after it.
//
//   heed_writing_speed --model model.gguf --precision int8 --prompt 1024 --tokens 128 --streams 1
//
// Prints a line of JSON: tokens a second of reading the prompt and of writing, which is greedy and
// ends at no symbol, and the bytes of weights that a written token reads. The best of three passes
// each. bench/llama_cpp_writing.py and bench/ctranslate2_writing.py do the same with llama.cpp and
// CTranslate2.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/generation/generate.h"
#include "heed/interop/load_model.h"
#include "heed/kernels/kernel.h"
#include "heed/nn/module.h"

namespace {

using namespace heed;

struct Options {
  std::string model, precision = "float32";
  int prompt = 1024, tokens = 128, streams = 1, threads = 1;
};

MatmulPrecision precision_of(const std::string& name) {
  check_usage(name == "float32" || name == "bf16" || name == "int8",
              "--precision {}: expected float32, bf16 or int8", name);
  return name == "float32" ? MatmulPrecision::float32
         : name == "bf16"  ? MatmulPrecision::bfloat16
                           : MatmulPrecision::int8;
}

// Ids that any vocabulary of more than a thousand has, different for each stream.
std::vector<Prompt> prompts_of(const Options& options, int length, std::int64_t vocabulary) {
  std::vector<Prompt> prompts;
  const int first = vocabulary > 1100 ? 1000 : 3;
  const auto range = static_cast<int>(std::min<std::int64_t>(vocabulary, 20000)) - first;
  for (int stream = 0; stream < options.streams; ++stream) {
    Prompt& prompt = prompts.emplace_back();
    for (int i = 0; i < length; ++i) {
      prompt.begun.push_back(first + (7919 * i + 104729 * stream) % range);
    }
  }
  return prompts;
}

// Seconds from the start to the first token, and from there to the last.
struct Times {
  double reading = 1e9, writing = 1e9;
};

Times measure(const LoadedModel& model, const Options& options, int length) {
  using Clock = std::chrono::steady_clock;
  Times best;
  DecodingConfig config;
  config.beam = 1;
  config.max_length = options.tokens;
  config.batch_sentences = options.streams;
  // A symbol that never ends a text: the last of the vocabulary, which is seldom in use.
  const auto unlikely = static_cast<std::int32_t>(model.generator().vocabulary_size() - 1);
  const auto prompts = prompts_of(options, length, model.generator().vocabulary_size());
  for (int pass = 0; pass < 3; ++pass) {
    const auto begin = Clock::now();
    Clock::time_point first = begin;
    std::int64_t told = 0;
    generate(model.generator(), prompts, {.ends = {unlikely}, .suppressed = {}}, config,
             {.precision = precision_of(options.precision)}, [&](const TokenEvent&) {
               if (told++ == 0) {
                 first = Clock::now();
               }
               return true;
             });
    const auto end = Clock::now();
    best.reading = std::min(best.reading, std::chrono::duration<double>(first - begin).count());
    best.writing = std::min(best.writing, std::chrono::duration<double>(end - first).count());
  }
  return best;
}

// Of all parameters, tables of embeddings once.
double numbers_of(Module& module) {
  double numbers = 0;
  for (const NamedParameter& item : parameters_of(module)) {
    const Tensor& value = item.parameter->value;
    const bool integers = value.dtype() == DType::int8;
    numbers += static_cast<double>(value.size(0)) *
               (value.rank() > 1 ? static_cast<double>(value.size(1) - (integers ? 4 : 0)) : 1.0);
  }
  return numbers;
}

void run(const Options& options) {
  register_cpu_backend();
  set_thread_count(options.threads);
  LoadedModel model = load_model(options.model, cpu_device, precision_of(options.precision));
  const Times read = measure(model, options, options.prompt);
  const Times written = measure(model, options, 8);
  const double width = options.precision == "float32" ? 4 : options.precision == "bf16" ? 2 : 1;
  const double speed = (options.tokens - 1) / written.writing;
  const Json result = {
      {"kind", "writing"},
      {"program", "heed"},
      {"precision", options.precision},
      {"streams", options.streams},
      {"prompt_tokens", options.prompt},
      {"reading_tokens_per_second", options.prompt * options.streams / read.reading},
      {"writing_tokens_per_second", speed * options.streams},
      {"gigabytes_per_second", 1e-9 * width * numbers_of(*model.module) * speed}};
  std::printf("%s\n", result.dump().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("How fast a language model reads a prompt and writes after it");
  Options options;
  app.add_option("--model", options.model, "a model as heed generate takes it")->required();
  app.add_option("--precision", options.precision);
  app.add_option("--prompt", options.prompt, "tokens of the prompt that is read");
  app.add_option("--tokens", options.tokens, "tokens that are written after a short one");
  app.add_option("--streams", options.streams, "texts side by side");
  app.add_option("--threads", options.threads);
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const Error& error) {
    std::fprintf(stderr, "heed_writing_speed: %s\n", error.what());
    return exit_code(error.kind());
  }
  return 0;
}
