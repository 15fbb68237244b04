// heed classify: texts in, labels out.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "apps/heed/adapter_option.h"
#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/line_blocks.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/kernels/kernel.h"
#include "heed/tasks/text_classifier.h"

namespace heed::app {

namespace {

struct ClassifyOptions {
  std::string model;
  std::string adapter;
  std::string input;
  std::string precision = "float32";
  int threads = 0;
  bool pairs = false;
  bool probabilities = false;
  bool json = false;
  ClassifierOptions classifier;
};

constexpr std::size_t classify_block_lines = 1024;

// The texts of a block; of pairs, what stands before and behind the first tab.
struct Texts {
  std::vector<std::string> first, second;
};

Texts texts_of(const LineBlock& block, const ClassifyOptions& options) {
  const bool pairs = options.pairs;
  Texts texts;
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    const std::string& line = block.lines[i];
    const std::size_t tab = line.find('\t');
    check_data(!pairs || tab != std::string::npos, "{}:{}: no tab, which parts the texts of a pair",
               input_name(options.input), block.first_number + static_cast<std::int64_t>(i));
    texts.first.push_back(pairs ? line.substr(0, tab) : line);
    if (pairs) {
      texts.second.push_back(line.substr(tab + 1));
    }
  }
  return texts;
}

std::string label_line(const TextClassifier& classifier, const Classified& found, bool all) {
  if (classifier.gives_numbers()) {
    return fmt::format("{:.4f}\n", found.number);
  }
  std::string line;
  const auto add = [&](std::size_t label) {
    line += fmt::format("{}{}\t{:.4f}", line.empty() ? "" : "\t", classifier.labels()[label],
                        found.probabilities[label]);
  };
  for (const std::int32_t label : found.classes) {
    add(static_cast<std::size_t>(label));
  }
  for (std::size_t label = 0; all && label < found.probabilities.size(); ++label) {
    if (std::find(found.classes.begin(), found.classes.end(), label) == found.classes.end()) {
      add(label);
    }
  }
  return line + "\n";
}

std::string json_line(const TextClassifier& classifier, const Classified& found,
                      std::int64_t number, const std::string& text) {
  Json json = {{"line", number}, {"text", text}};
  if (classifier.gives_numbers()) {
    json["number"] = found.number;
    return json.dump() + "\n";
  }
  Json labels = Json::array(), probabilities = Json::object();
  for (const std::int32_t label : found.classes) {
    labels.push_back(classifier.labels()[static_cast<std::size_t>(label)]);
  }
  for (std::size_t label = 0; label < found.probabilities.size(); ++label) {
    probabilities[classifier.labels()[label]] = found.probabilities[label];
  }
  if (classifier.gives_several()) {
    json["labels"] = labels;
  } else {
    json["label"] = labels[0];
    json["probability"] = found.probabilities[static_cast<std::size_t>(found.classes[0])];
  }
  json["probabilities"] = probabilities;
  return json.dump() + "\n";
}

void run_classify(ClassifyOptions options) {
  set_thread_count(options.threads);
  const auto input = input_blocks(options.input);
  const MatmulPrecision precision = parse_precision(options.precision);
  const LoadedModel model = load_adapted_for("classify", "text_classification", options.model,
                                             options.adapter, precision);
  options.classifier.context.precision = precision;
  const TextClassifier classifier(model, options.classifier);
  for (;;) {
    const LineBlock block = input->next(classify_block_lines);
    if (block.lines.empty()) {
      return;
    }
    const Texts texts = texts_of(block, options);
    const auto found = classifier.classify(texts.first, texts.second);
    for (std::size_t i = 0; i < found.size(); ++i) {
      write_output(options.json ? json_line(classifier, found[i],
                                            block.first_number + static_cast<std::int64_t>(i),
                                            block.lines[i])
                                : label_line(classifier, found[i], options.probabilities));
    }
    flush_output();
  }
}

}  // namespace

void add_classify_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "classify",
      "Tell the labels of texts\n\n"
      "Reads a text a line, or with --pairs two texts parted by a tab, and writes `LABEL<tab>"
      "PROBABILITY` on the same line of the output; of a model for several labels all that apply, "
      "of a model for numbers the number. Lines that come one by one are answered one by one. A "
      "text that is longer than the model takes is read in windows that overlap, and the mean of "
      "their scores counts.");
  command->footer(
      "Examples:\n"
      "  echo 'a gripping film' | heed classify --model run\n"
      "  heed classify --model run --json --input reviews.txt | jq -r .label\n"
      "  heed classify --model run --pairs --probabilities < pairs.tsv");
  const auto options = std::make_shared<ClassifyOptions>();
  add_model_option(*command, options->model);
  add_adapter_option(*command, options->adapter);
  add_input_option(*command, options->input, "The texts");
  command->add_flag("--pairs", options->pairs, "Two texts a line, parted by a tab");
  command->add_flag("--probabilities", options->probabilities,
                    "Print every label with its probability, that of the text first");
  command->add_flag("--json", options->json,
                    "Print a JSON object a line: line, text, label, probability, probabilities");
  command
      ->add_option("--max-tokens", options->classifier.max_tokens,
                   "Longest window in tokens; 0: as many as the model takes")
      ->type_name("N");
  command
      ->add_option("--stride", options->classifier.stride,
                   "Tokens from one window to the next; 0: half a window")
      ->type_name("N");
  command
      ->add_option("--temperature", options->classifier.temperature,
                   "Divides the scores: above 1, probabilities are less certain")
      ->type_name("T");
  add_computing_options(*command, options->precision, options->threads);
  command->callback([options] { run_classify(*options); });
}

}  // namespace heed::app
