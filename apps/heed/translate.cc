// heed translate: lines in, translations out.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <string>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/line_blocks.h"
#include "apps/heed/model_loading.h"
#include "heed/base/json.h"
#include "heed/tasks/line_translator.h"

namespace heed::app {

namespace {

struct TranslateOptions {
  DecodingOptions decoding;
  std::string input;
  bool scores = false;
  bool json = false;
};

// A line of input with its number, from 1.
struct InputLine {
  std::int64_t number;
  const std::string& text;
};

std::string json_line(const InputLine& line, const LineTranslations& translations) {
  Json best = Json::array();
  for (const TextTranslation& translation : translations.best) {
    best.push_back({{"text", translation.text},
                    {"score", translation.score},
                    {"log_probability", translation.log_probability},
                    {"tokens", translation.length}});
  }
  const Json json = {{"line", line.number}, {"source", line.text}, {"translations", best}};
  return json.dump() + "\n";
}

// What is printed for a line: one line, or with a list of the best one for each translation.
std::string answer(const TranslateOptions& options, bool listed, const InputLine& line,
                   const LineTranslations& translations) {
  if (options.json) {
    return json_line(line, translations);
  }
  if (listed) {
    std::string text;
    for (const TextTranslation& translation : translations.best) {
      text += fmt::format("{} ||| {} ||| {:.4f}\n", line.number - 1, translation.text,
                          translation.score);
    }
    return text;
  }
  const TextTranslation& best = translations.best.front();
  return options.scores ? fmt::format("{:.4f}\t{}\n", best.score, best.text) : best.text + "\n";
}

void run_translate(const TranslateOptions& options) {
  set_thread_count(options.decoding.threads);
  const auto input = input_blocks(options.input);
  const MatmulPrecision precision = parse_precision(options.decoding.precision);
  const LoadedModel translator =
      load_model_for("translate", "translation", options.decoding.model, precision);
  const DecodingConfig config = decoding_config(options.decoding, translator.decoding);
  LineTranslator lines({translator.generator(), translator.tokenizers, translator.symbols}, config,
                       {.precision = precision});
  const bool listed = options.decoding.n_best || config.n_best > 1;
  const auto block_lines = static_cast<std::size_t>(config.batch_sentences) * 16;
  for (;;) {
    const LineBlock block = input->next(block_lines);
    if (block.lines.empty()) {
      return;
    }
    const auto translations = lines.translate(block.lines);
    for (std::size_t i = 0; i < block.lines.size(); ++i) {
      const InputLine line{block.first_number + static_cast<std::int64_t>(i), block.lines[i]};
      if (translations[i].pieces > 1) {
        print_warning(fmt::format(
            "line {} is longer than the {} tokens that the model takes: translated in {} pieces",
            line.number, translator.generator().longest(), translations[i].pieces));
      }
      write_output(answer(options, listed, line, translations[i]));
    }
    flush_output();
  }
}

}  // namespace

void add_translate_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "translate",
      "Translate lines of text\n\n"
      "Reads a sentence a line and writes its translation on the same line of the output, in the "
      "order of the input. Lines that come one by one are answered one by one. An empty line gives "
      "an empty line. A line that is longer than the model allows is cut into pieces that fit, at "
      "the end of a sentence near its middle if there is one, else at white space, and the "
      "translations of the pieces are joined by a space; a warning says so. Invalid UTF-8 or a NUL "
      "byte end it with exit code 65 after the lines before are answered.\n\n"
      "--n-best prints `NUMBER ||| TRANSLATION ||| SCORE` for each translation, the best first, "
      "lines numbered from 0. The score is the log-probability / length^P of --length-penalty.");
  command->footer(
      "Examples:\n"
      "  heed translate --model run < test.en > test.de\n"
      "  echo 'Two dogs play.' | heed translate --model run --n-best 3\n"
      "  heed translate --model run --json --input test.en | jq -r '.translations[0].text'\n"
      "  heed translate --model run --sample --temperature 0.8 --top-p 0.9 --seed 7 < test.en");
  const auto options = std::make_shared<TranslateOptions>();
  add_decoding_options(*command, options->decoding);
  command->add_option("--n-best", options->decoding.n_best, "Print the N best translations")
      ->type_name("N");
  command->add_flag("--scores", options->scores, "Print `SCORE<tab>TRANSLATION`");
  command->add_flag("--json", options->json,
                    "Print a JSON object a line: line, source, translations with their scores");
  add_sampling_options(*command, options->decoding);
  add_input_option(*command, options->input, "The text to translate");
  command->callback([options] { run_translate(*options); });
}

}  // namespace heed::app
