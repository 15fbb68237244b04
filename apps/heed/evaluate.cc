// heed evaluate: translates a test set and measures the result, or measures a language model.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/evaluate_text.h"
#include "apps/heed/file_options.h"
#include "apps/heed/model_loading.h"
#include "apps/heed/scoring.h"
#include "heed/base/error.h"
#include "heed/base/output_file.h"
#include "heed/data/held_lines.h"
#include "heed/tasks/line_translator.h"

namespace heed::app {

namespace {

struct EvaluateOptions {
  DecodingOptions decoding;
  ScoringOptions scoring;
  EvaluateTextOptions text;
  std::string source;
  std::vector<std::string> references;
  std::string output;
};

// The best translation of each line; says on standard error how long it took.
std::vector<std::string> translate_lines(const EvaluateOptions& options,
                                         const LoadedModel& translator,
                                         std::span<const std::string> sources) {
  DecodingConfig config = decoding_config(options.decoding, translator.decoding);
  config.n_best = 1;
  LineTranslator lines({translator.generator(), translator.tokenizers, translator.symbols}, config,
                       {.precision = parse_precision(options.decoding.precision)});
  const auto start = std::chrono::steady_clock::now();
  const auto translations = lines.translate(sources);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  std::vector<std::string> texts;
  std::int64_t tokens = 0;
  std::int64_t cut = 0;
  for (const LineTranslations& line : translations) {
    texts.push_back(line.best.front().text);
    tokens += line.best.front().length;
    cut += line.pieces > 1 ? 1 : 0;
  }
  if (cut > 0) {
    print_warning(
        fmt::format("{} lines are longer than the {} tokens that the model takes: "
                    "translated in pieces",
                    cut, translator.generator().longest()));
  }
  const double seconds = std::max(time.count(), 1e-9);
  fmt::print(
      stderr,
      "{} sentences, {} tokens in {:.2f} s: {:.1f} sentences/s, {:.0f} tokens/s (beam {}, {} "
      "threads)\n",
      sources.size(), tokens, seconds, static_cast<double>(sources.size()) / seconds,
      static_cast<double>(tokens) / seconds, config.beam, options.decoding.threads);
  return texts;
}

void run_evaluate_translation(const EvaluateOptions& options) {
  check_usage(
      !options.source.empty() && !options.references.empty(),
      "nothing to measure on; give --source and --reference for a translator, or --text for "
      "a language model");
  check_scoring_options(options.scoring);
  std::optional<OutputFile> output;
  if (!options.output.empty()) {
    output.emplace(options.output);
  }
  set_thread_count(options.decoding.threads);
  const std::vector<std::string> sources = read_held_lines(options.source);
  check_data(!sources.empty(), "{}: no lines; there is nothing to translate", options.source);
  const auto references = read_references(options.references, sources.size(), options.source);
  const LoadedModel translator = load_model_for("evaluate", "translation", options.decoding.model,
                                                parse_precision(options.decoding.precision));
  const auto translations = translate_lines(options, translator, sources);
  if (output) {
    std::string text;
    for (const std::string& line : translations) {
      text += line + "\n";
    }
    output->write(text);
  }
  print_scores(options.scoring, translations, references);
}

void run_evaluate(const EvaluateOptions& options) {
  if (options.text.is_asked()) {
    run_evaluate_text(options.text, options.decoding.model, options.decoding.precision,
                      options.decoding.threads);
  } else {
    run_evaluate_translation(options);
  }
}

}  // namespace

void add_evaluate_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "evaluate",
      "Measure a model: BLEU and chrF of translations, or the perplexity of a text\n\n"
      "With a translator, decodes every line of --source and prints the lines that sacreBLEU "
      "prints "
      "for the translations and the references. With a language model, reads --text in windows and "
      "prints the loss (nats per token), the perplexity by token, by word and by byte (the "
      "exponential of the nats of the whole text for each of them; words as WikiText counts them: "
      "parted by white space, and one more for each line end), and the bits per character. Every "
      "token but the first is predicted once, with at least window - stride tokens before it, "
      "those of the first window aside; a model whose texts begin with a start symbol gets it, and "
      "the first token counts as well. How long it took goes to standard error.");
  command->footer(
      "Examples:\n"
      "  heed evaluate --model run --source test.en --reference test.de\n"
      "  heed evaluate --model run --source test.en --reference test.de --lowercase --beam 8\n"
      "  heed evaluate --model run --source test.en --reference a.de b.de --output test.out\n"
      "  heed evaluate --model run --text wiki.test.txt --stride 256 --json");
  const auto options = std::make_shared<EvaluateOptions>();
  auto* text = add_evaluate_text_options(*command, options->text);
  add_source_option(*command, options->source)->excludes(text);
  add_reference_option(*command, options->references)->excludes(text);
  add_output_option(*command, options->output, "Keep the translations in this file")
      ->excludes(text);
  add_decoding_options(*command, options->decoding);
  add_sampling_options(*command, options->decoding, "--sampling-seed");
  add_scoring_options(*command, options->scoring);
  command->callback([options] { run_evaluate(*options); });
}

}  // namespace heed::app
