// heed answer: questions about texts in, answers out.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "apps/heed/adapter_option.h"
#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/line_blocks.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/data/question_file.h"
#include "heed/kernels/kernel.h"
#include "heed/tasks/line_translator.h"
#include "heed/tasks/question_answerer.h"

namespace heed::app {

namespace {

struct AnswerOptions {
  std::string model;
  std::string adapter;
  std::string input;
  std::string context;
  std::string squad;
  std::string precision = "float32";
  int threads = 0;
  bool json = false;
  AnswererOptions answerer;
};

constexpr std::size_t answer_block_lines = 64;
constexpr std::uint64_t context_limit = std::uint64_t{1} << 24;

// A question a line; without a context of all, a tab and the context follow it.
std::vector<TextQuestion> questions_of(const LineBlock& block, const AnswerOptions& options,
                                       const std::string& context) {
  std::vector<TextQuestion> questions;
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    const std::string& line = block.lines[i];
    const std::size_t tab = line.find('\t');
    const bool apart = options.context.empty();
    check_data(!apart || tab != std::string::npos,
               "{}:{}: no tab, which parts the question from its text (or give the text with "
               "--context)",
               input_name(options.input), block.first_number + static_cast<std::int64_t>(i));
    questions.push_back(
        {apart ? line.substr(0, tab) : line, apart ? line.substr(tab + 1) : context});
  }
  return questions;
}

std::string answer_line(const AnswerOptions& options, const TextQuestion& asked,
                        const TextAnswer& answer) {
  if (!options.json) {
    return fmt::format("{}\t{:.4f}\n", one_line(answer.text), answer.probability);
  }
  const Json json = {{"question", asked.question},
                     {"answer", answer.text},
                     {"probability", answer.probability},
                     {"begin", answer.begin},
                     {"end", answer.end}};
  return json.dump() + "\n";
}

// The answers to a file of SQuAD's, as its script takes them.
void answer_squad(const AnswerOptions& options, const QuestionAnswerer& answerer) {
  Json predictions = Json::object();
  for (const AskedContext& context : read_question_file(options.squad)) {
    std::vector<TextQuestion> questions;
    for (const AskedQuestion& question : context.questions) {
      questions.push_back({question.question, context.context});
    }
    const auto answers = answerer.answer(questions);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      predictions[context.questions[i].id] = answers[i].text;
    }
  }
  write_output(predictions.dump() + "\n");
}

void run_answer(AnswerOptions options) {
  set_thread_count(options.threads);
  const MatmulPrecision precision = parse_precision(options.precision);
  std::string context;
  if (!options.context.empty()) {
    context = read_file(options.context, context_limit);
    const auto invalid = find_invalid_utf8(context);
    check_data(!invalid, "{}: invalid UTF-8 at byte {}", options.context, invalid.value_or(0));
    check_data(!context.empty(), "{}: no text", options.context);
  }
  const LoadedModel model =
      load_adapted_for("answer", "question_answering", options.model, options.adapter, precision);
  options.answerer.context.precision = precision;
  const QuestionAnswerer answerer(model, options.answerer);
  if (!options.squad.empty()) {
    answer_squad(options, answerer);
    return;
  }
  const auto input = input_blocks(options.input);
  for (;;) {
    const LineBlock block = input->next(answer_block_lines);
    if (block.lines.empty()) {
      return;
    }
    const auto questions = questions_of(block, options, context);
    const auto answers = answerer.answer(questions);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      write_output(answer_line(options, questions[i], answers[i]));
    }
    flush_output();
  }
}

}  // namespace

void add_answer_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "answer",
      "Answer questions about texts\n\n"
      "Reads a question a line, a tab and the text that it is about, or with --context questions "
      "alone, and writes `ANSWER<tab>PROBABILITY`: the piece of the text that the model takes for "
      "the answer. A text that is longer than the model takes is read in windows that overlap. "
      "--squad answers a file of SQuAD's JSON and writes the predictions that its script takes.");
  command->footer(
      "Examples:\n"
      "  echo 'Where does the Rhine rise?' | heed answer --model run --context rhine.txt\n"
      "  heed answer --model run --json < questions.tsv\n"
      "  heed answer --model run --squad dev-v1.1.json > predictions.json");
  const auto options = std::make_shared<AnswerOptions>();
  add_model_option(*command, options->model);
  add_adapter_option(*command, options->adapter);
  add_input_option(*command, options->input, "The questions");
  auto* context = command->add_option("--context", options->context, "The text that all are about")
                      ->type_name(file_value);
  command->add_option("--squad", options->squad, "Answer the questions of this file")
      ->type_name(file_value)
      ->excludes(context);
  command->add_flag(
      "--json", options->json,
      "Print a JSON object a line: question, answer, probability, begin, end (bytes)");
  command
      ->add_option("--max-tokens", options->answerer.max_tokens,
                   "Longest window in tokens: question, text and special ones [384]")
      ->type_name("N");
  command
      ->add_option("--stride", options->answerer.stride,
                   "Tokens from one window to the next; 0: half a window [128]")
      ->type_name("N");
  command
      ->add_option("--answer-tokens", options->answerer.answer_tokens,
                   "Longest answer in tokens [30]")
      ->type_name("N");
  add_computing_options(*command, options->precision, options->threads);
  command->callback([options] { run_answer(*options); });
}

}  // namespace heed::app
