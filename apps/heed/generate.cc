// heed generate: prompts in, what a language model writes after them out.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/line_blocks.h"
#include "apps/heed/model_loading.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/tasks/text_writer.h"

namespace heed::app {

namespace {

struct GenerateOptions {
  std::string model, input;
  std::optional<std::string> prompt;
  WritingConfig writing;
  std::string precision = "float32";
  std::string context_end = "stop";
  int threads = 1;
  bool json = false;
  bool logprobs = false;
};

// Prints what is written: of one text as it comes, of several each when all are there.
class WrittenOutput {
 public:
  WrittenOutput(const GenerateOptions& options, TextWriter& writer)
      : options_(options), writer_(writer) {}

  void write(std::span<const std::string> prompts) {
    const bool streams = !options_.json && prompts.size() == 1 && options_.writing.samples == 1 &&
                         options_.writing.beam == 1;
    if (streams) {
      separate();
    }
    const auto texts = writer_.write(prompts, streams ? OnText(show) : OnText());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      if (options_.json) {
        write_output(json_line(prompts[i], texts[i]));
      } else if (streams) {
        write_output("\n");
      } else {
        for (const WrittenText& text : texts[i]) {
          separate();
          write_output(text.text + "\n");
        }
      }
      warn_of_context(texts[i]);
    }
    flush_output();
    count_ += prompts.size();
  }

 private:
  static void show(std::size_t, int, std::string_view text) {
    write_output(text);
    flush_output();
  }

  // A line between texts, which may have lines of their own.
  void separate() {
    if (std::exchange(begun_, true)) {
      write_output("---\n");
    }
  }

  std::string json_line(const std::string& prompt, const std::vector<WrittenText>& texts) const {
    Json json = {{"prompt", prompt}, {"texts", Json::array()}};
    for (const WrittenText& text : texts) {
      Json& item = json["texts"].emplace_back(Json{{"text", text.text},
                                                   {"log_probability", text.log_probability},
                                                   {"tokens", text.tokens},
                                                   {"end", name_of(text.end)}});
      if (options_.logprobs) {
        item["logprobs"] = Json::array();
        for (const WrittenToken& token : text.pieces) {
          item["logprobs"].push_back(
              {{"id", token.id}, {"text", token.text}, {"log_probability", token.log_probability}});
        }
      }
    }
    return json.dump() + "\n";
  }

  void warn_of_context(const std::vector<WrittenText>& texts) const {
    for (const WrittenText& text : texts) {
      if (text.end == TextEnd::context) {
        print_warning(fmt::format(
            "prompt {}: the text ends before --max-tokens {}, where it is as long as the model "
            "takes with its prompt; --context-end slide drops the oldest tokens and goes on",
            count_ + 1, options_.writing.max_tokens));
        return;
      }
    }
  }

  const GenerateOptions& options_;
  TextWriter& writer_;
  std::size_t count_ = 0;
  bool begun_ = false;
};

void run_generate(GenerateOptions options) {
  options.writing.context_end =
      options.context_end == "slide" ? ContextEnd::slide : ContextEnd::stop;
  check_usage(!options.logprobs || options.json, "--logprobs: goes with --json");
  check_usage(!options.logprobs || options.writing.beam == 1,
              "--logprobs: tells the tokens of greedy decoding and sampling, not of a beam");
  check_writing_config(options.writing);
  set_thread_count(options.threads);
  const bool is_given = options.prompt.has_value();
  const auto input = is_given ? nullptr : input_blocks(options.input);
  const MatmulPrecision precision = parse_precision(options.precision);
  const LoadedModel model =
      load_model_for("generate", "language_modelling", options.model, precision);
  TextWriter writer({model.generator(), model.tokenizers, model.symbols}, options.writing,
                    {.precision = precision});
  WrittenOutput output(options, writer);
  if (is_given) {
    output.write(std::span(&*options.prompt, 1));
    return;
  }
  constexpr std::size_t block_lines = 64;
  for (;;) {
    const LineBlock block = input->next(block_lines);
    if (block.lines.empty()) {
      return;
    }
    output.write(block.lines);
  }
}

}  // namespace

void add_generate_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "generate",
      "Let a language model write\n\n"
      "Prints what the model writes after the prompt, or after each line of the input; of one text "
      "token by token, in whole characters. By default it draws from the model's own distribution; "
      "--temperature 0 takes the most probable token each time. The same seed gives the same text, "
      "whatever is written beside it. A text ends at the model's end symbol, before a --stop, "
      "after --max-tokens, or where it is as long as the model takes, of which a warning tells "
      "(--context-end slide goes on there). Several "
      "texts are separated by a line with ---; --json gives them as JSON, an object a prompt.");
  command->footer(
      "Examples:\n"
      "  heed generate --model run --prompt 'ROMEO:'\n"
      "  heed generate --model run --prompt 'ROMEO:' --temperature 0.8 --top-k 50 --seed 7\n"
      "  heed generate --model run --prompt 'ROMEO:' --samples 4 --stop JULIET: --json\n"
      "  heed generate --model run --temperature 0 --max-tokens 40 < prompts.txt");
  const auto options = std::make_shared<GenerateOptions>();
  WritingConfig& writing = options->writing;
  add_model_option(*command, options->model);
  auto* prompt = command->add_option("-p,--prompt", options->prompt, "What the text follows")
                     ->type_name("TEXT");
  add_input_option(*command, options->input, "Prompts, one a line")->excludes(prompt);
  command->add_option("--max-tokens", writing.max_tokens, "Tokens of a text at most")
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--context-end", options->context_end,
                   "Where a text with its prompt is as long as the model takes: stop there, or "
                   "slide, dropping the oldest tokens, half of them at a time, but for the symbol "
                   "that begins the text")
      ->check(CLI::IsMember({"stop", "slide"}))
      ->capture_default_str();
  command->add_option("--samples", writing.samples, "Texts for each prompt")
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--temperature", writing.temperature,
                   "Divides the logits; below 1 closer to the most probable, above 1 more varied; "
                   "0: always the most probable")
      ->type_name("T")
      ->capture_default_str();
  command->add_option("--top-k", writing.top_k, "Draw among the K most probable tokens")
      ->type_name("K");
  command
      ->add_option("--top-p", writing.top_p,
                   "Draw among the most probable tokens that hold this share")
      ->type_name("P");
  command
      ->add_option("--min-p", writing.min_p,
                   "Draw among the tokens that have this share of the most probable one's "
                   "probability")
      ->type_name("P");
  command
      ->add_option("--repetition-penalty", writing.repetition_penalty,
                   "Above 1: tokens that stand in the text already become less probable")
      ->type_name("X");
  command
      ->add_option("--no-repeat-ngram", writing.no_repeat_ngram,
                   "Write no run of N tokens that stands in the text already")
      ->type_name("N");
  command
      ->add_option("--beam", writing.beam,
                   "Search for the most probable texts with this many hypotheses; --samples tells "
                   "how many to print")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--stop", writing.stop, "A text ends before this; several: before any")
      ->type_name("TEXT");
  command->add_option("--seed", writing.seed, "The same seed, the same texts")
      ->check(seed_range<std::int64_t>())
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--special", writing.marked,
                    "Prompts may spell the model's special pieces, such as <|im_start|>");
  command->add_flag("--logprobs", options->logprobs,
                    "With --json: every token with its id, text and log_probability");
  command->add_flag(
      "--json", options->json,
      "Print a JSON object a prompt: prompt, texts with log_probability, tokens, end");
  add_computing_options(*command, options->precision, options->threads);
  command->callback([options] { run_generate(*options); });
}

}  // namespace heed::app
