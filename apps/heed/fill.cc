// heed fill: texts with hidden words in, what an encoder puts there out.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/line_blocks.h"
#include "apps/heed/model_loading.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/tasks/mask_filler.h"

namespace heed::app {

namespace {

struct FillOptions {
  std::string model, input, precision = "float32";
  std::optional<std::string> text;
  int top = 5;
  int threads = 1;
  bool json = false;
};

std::string json_line(const std::string& text, const std::vector<std::vector<MaskGuess>>& masks) {
  Json json = {{"text", text}, {"masks", Json::array()}};
  for (const std::vector<MaskGuess>& guesses : masks) {
    Json& list = json["masks"].emplace_back(Json::array());
    for (const MaskGuess& guess : guesses) {
      list.push_back({{"id", guess.id},
                      {"token", guess.piece},
                      {"probability", guess.probability},
                      {"text", guess.text}});
    }
  }
  return json.dump() + "\n";
}

// PROBABILITY<tab>TOKEN<tab>TEXT, a line for each guess; several masks and texts a blank line
// apart.
std::string table(const std::vector<std::vector<MaskGuess>>& masks) {
  std::string text;
  for (const std::vector<MaskGuess>& guesses : masks) {
    text += text.empty() ? "" : "\n";
    for (const MaskGuess& guess : guesses) {
      text += fmt::format("{:.4f}\t{}\t{}\n", guess.probability, guess.piece, guess.text);
    }
  }
  return text;
}

void run_fill(const FillOptions& options) {
  check_usage(options.top >= 1, "--top: must be at least 1, got {}", options.top);
  set_thread_count(options.threads);
  const MatmulPrecision precision = parse_precision(options.precision);
  const LoadedModel model =
      load_model_for("fill", "masked_language_modelling", options.model, precision);
  const MaskFiller filler(model.as<TextEncoder>(), *model.tokenizers.target,
                          {.precision = precision});
  bool begun = false;
  const auto answer = [&](const std::string& text) {
    const auto masks = filler.fill(text, options.top);
    write_output(options.json ? json_line(text, masks) : (begun ? "\n" : "") + table(masks));
    flush_output();
    begun = true;
  };
  if (options.text) {
    answer(*options.text);
    return;
  }
  const auto input = input_blocks(options.input);
  for (;;) {
    const LineBlock block = input->next(64);
    if (block.lines.empty()) {
      return;
    }
    for (const std::string& line : block.lines) {
      answer(line);
    }
  }
}

}  // namespace

void add_fill_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "fill",
      "Fill in the hidden words of a text\n\n"
      "Prints what an encoder holds most probable for each mask token of the text, or of each line "
      "of the input: PROBABILITY<tab>TOKEN<tab>TEXT. How the mask is spelled is the model's own: "
      "[MASK] for BERT, <mask> for RoBERTa. A text without one ends it with exit code 65.");
  command->footer(
      "Examples:\n"
      "  heed fill --model run 'The [MASK] sat.'\n"
      "  heed fill --model run --top 3 --json < texts.txt");
  const auto options = std::make_shared<FillOptions>();
  add_model_option(*command, options->model);
  auto* text = command->add_option("text", options->text, "A text with mask tokens");
  add_input_option(*command, options->input, "Texts, one a line")->excludes(text);
  command->add_option("--top", options->top, "Guesses for each mask")
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", options->json,
                    "Print a JSON object a text: text, masks, each a list of guesses");
  add_computing_options(*command, options->precision, options->threads);
  command->callback([options] { run_fill(*options); });
}

}  // namespace heed::app
