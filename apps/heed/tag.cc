// heed tag: words in, their tags out.
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
#include "heed/base/json.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/entities.h"
#include "heed/tasks/text_tagger.h"

namespace heed::app {

namespace {

struct TagOptions {
  std::string model;
  std::string adapter;
  std::string input;
  std::string precision = "float32";
  int threads = 0;
  bool columns = false;
  bool json = false;
  TaggerOptions tagger;
};

constexpr std::size_t tag_block_lines = 1024;
constexpr std::string_view word_gaps = " \t\r\v\f";

std::vector<std::string> parted_words(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t begin = line.find_first_not_of(word_gaps); begin < line.size();) {
    const std::size_t end = std::min(line.find_first_of(word_gaps, begin), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(word_gaps, end);
  }
  return words;
}

std::string json_line(const std::vector<std::string>& words, const TaggedWords& tagged) {
  Json json = {{"words", words}, {"tags", tagged.tags}, {"probabilities", tagged.probabilities}};
  Json entities = Json::array();
  for (const Entity& entity : entities_of(tagged.tags)) {
    std::string text;
    for (std::size_t i = entity.begin; i < entity.end; ++i) {
      text += (i > entity.begin ? " " : "") + words[i];
    }
    entities.push_back(
        {{"type", entity.type}, {"begin", entity.begin}, {"end", entity.end}, {"text", text}});
  }
  if (are_entity_tags(tagged.tags)) {
    json["entities"] = entities;
  }
  return json.dump() + "\n";
}

std::string answer(const TagOptions& options, const std::vector<std::string>& words,
                   const TaggedWords& tagged) {
  if (options.json) {
    return json_line(words, tagged);
  }
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += options.columns ? fmt::format("{}\t{}\n", words[i], tagged.tags[i])
                            : fmt::format("{}{}/{}", i > 0 ? " " : "", words[i], tagged.tags[i]);
  }
  return text + "\n";
}

// Tags the sentences at hand.
void write_tags(const TagOptions& options, const TextTagger& tagger,
                std::vector<std::vector<std::string>>& sentences) {
  const auto tagged = tagger.tag(sentences);
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    write_output(answer(options, sentences[i], tagged[i]));
  }
  flush_output();
  sentences.clear();
}

void run_tag(TagOptions options) {
  set_thread_count(options.threads);
  const auto input = input_blocks(options.input);
  const MatmulPrecision precision = parse_precision(options.precision);
  const LoadedModel model =
      load_adapted_for("tag", "token_classification", options.model, options.adapter, precision);
  options.tagger.context.precision = precision;
  const TextTagger tagger(model, options.tagger);
  std::vector<std::vector<std::string>> sentences;
  std::vector<std::string> open;  // with --columns: words of a sentence that goes on
  for (;;) {
    const LineBlock block = input->next(tag_block_lines);
    for (const std::string& line : block.lines) {
      std::vector<std::string> words = parted_words(line);
      if (!options.columns) {
        sentences.push_back(std::move(words));
      } else if (!words.empty()) {
        open.push_back(words.front());
      } else if (!open.empty()) {
        sentences.push_back(std::move(open));
        open.clear();
      }
    }
    if (block.lines.empty() && !open.empty()) {
      sentences.push_back(std::move(open));
    }
    write_tags(options, tagger, sentences);
    if (block.lines.empty()) {
      return;
    }
  }
}

}  // namespace

void add_tag_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "tag",
      "Tag the words of sentences\n\n"
      "Reads a sentence a line, words parted by white space, and writes WORD/TAG for each; with "
      "--columns a word a line (its first column) and sentences parted by blank lines, and writes "
      "`WORD<tab>TAG` in the same form. Lines that come one by one are answered one by one. A "
      "sentence that is longer than the model takes is read in windows that overlap.");
  command->footer(
      "Examples:\n"
      "  echo 'Anna lives in Berlin .' | heed tag --model run\n"
      "  heed tag --model run --columns --input test.conll > tagged.conll\n"
      "  heed tag --model run --json < sentences.txt | jq -c .entities");
  const auto options = std::make_shared<TagOptions>();
  add_model_option(*command, options->model);
  add_adapter_option(*command, options->adapter);
  add_input_option(*command, options->input, "The sentences");
  command->add_flag("--columns", options->columns,
                    "A word a line, sentences parted by blank lines");
  command->add_flag("--json", options->json,
                    "Print a JSON object a sentence: words, tags, probabilities, entities");
  command
      ->add_option("--max-tokens", options->tagger.max_tokens,
                   "Longest window in tokens; 0: as many as the model takes")
      ->type_name("N");
  add_computing_options(*command, options->precision, options->threads);
  command->callback([options] { run_tag(*options); });
}

}  // namespace heed::app
