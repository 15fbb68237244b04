// heed embed: lines in, a vector for each out.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
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
#include "heed/formats/numpy.h"
#include "heed/interop/model_kind.h"
#include "heed/tasks/text_embedder.h"

namespace heed::app {

namespace {

constexpr std::size_t block_lines = 4096;

struct EmbedOptions {
  std::string model, input, output, precision = "float32";
  std::string pooling;
  bool normalise = false, keep_lengths = false;  // neither: as the model says
  std::optional<std::int64_t> max_length;
  std::int64_t nearest = 0;  // how many lines of `among`; none: no search
  std::string among;
  int threads = 1;

  bool searches() const { return !among.empty(); }
};

SentenceSettings settings_of(const EmbedOptions& options, const LoadedModel& model) {
  SentenceSettings settings = embedding_config(model);
  settings.pooling = options.pooling.empty() ? settings.pooling : options.pooling;
  settings.normalise = (settings.normalise || options.normalise) && !options.keep_lengths;
  settings.longest = options.max_length.value_or(settings.longest);
  return settings;
}

std::vector<std::string> all_lines(const std::string& input) {
  const auto blocks = input_blocks(input);
  std::vector<std::string> lines;
  for (LineBlock block = blocks->next(block_lines); !block.lines.empty();
       block = blocks->next(block_lines)) {
    std::ranges::move(block.lines, std::back_inserter(lines));
  }
  return lines;
}

// With the digits that give the same float32 again.
std::string json_line(std::int64_t number, const std::string& text, std::span<const float> values) {
  std::string line =
      fmt::format("{{\"line\":{},\"text\":{},\"embedding\":[", number, Json(text).dump());
  for (std::size_t i = 0; i < values.size(); ++i) {
    fmt::format_to(std::back_inserter(line), "{}{}", i == 0 ? "" : ",", values[i]);
  }
  return line + "]}\n";
}

// The lines of a file to be searched, with their vectors.
struct Collection {
  std::vector<std::string> lines;
  Tensor vectors;
};

std::string nearest_line(std::int64_t number, const std::string& text,
                         const std::vector<NearRow>& near, const Collection& collection) {
  Json json = {{"line", number}, {"text", text}, {"nearest", Json::array()}};
  for (const NearRow& row : near) {
    json["nearest"].push_back({{"line", row.row + 1},
                               {"text", collection.lines[static_cast<std::size_t>(row.row)]},
                               {"cosine", row.cosine}});
  }
  return json.dump() + "\n";
}

void write_block(const EmbedOptions& options, const LineBlock& block, const Tensor& vectors,
                 const Collection& collection) {
  const auto width = static_cast<std::size_t>(vectors.size(1));
  const auto values = vectors.values<float>();
  std::vector<std::vector<NearRow>> near;
  if (options.searches()) {
    near = nearest_rows(vectors, collection.vectors, options.nearest);
  }
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    const std::int64_t number = block.first_number + static_cast<std::int64_t>(i);
    write_output(options.searches()
                     ? nearest_line(number, block.lines[i], near[i], collection)
                     : json_line(number, block.lines[i], values.subspan(i * width, width)));
  }
  flush_output();
}

void check_options(const EmbedOptions& options) {
  check_usage(!options.searches() || options.nearest >= 1, "--nearest: must be at least 1, got {}",
              options.nearest);
  check_usage(options.output.empty() || options.output.ends_with(".npy"),
              "--output {}: expected the name of a .npy file", options.output);
  check_usage(options.output.empty() || !options.searches(),
              "--nearest: prints what it found, and takes no --output");
  check_usage(options.max_length.value_or(1) >= 1, "--max-length: must be at least 1, got {}",
              options.max_length.value_or(0));
}

void run_embed(const EmbedOptions& options) {
  check_options(options);
  set_thread_count(options.threads);
  const MatmulPrecision precision = parse_precision(options.precision);
  const LoadedModel model = load_encoder_for("embed", options.model, precision);
  const TextEmbedder embedder(model, settings_of(options, model), {.precision = precision});
  if (!options.output.empty()) {
    write_npy(options.output, embedder.embed(all_lines(options.input)));
    return;
  }
  Collection collection;
  if (options.searches()) {
    collection.lines = all_lines(options.among);
    check_data(!collection.lines.empty(), "{}: has no lines", options.among);
    collection.vectors = embedder.embed(collection.lines);
  }
  const auto input = input_blocks(options.input);
  for (;;) {
    const LineBlock block = input->next(block_lines);
    if (block.lines.empty()) {
      return;
    }
    write_block(options, block, embedder.embed(block.lines), collection);
  }
}

}  // namespace

void add_embed_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "embed",
      "Turn lines of text into vectors\n\n"
      "Reads a text a line and prints a JSON object for each: line, text, embedding. With --output "
      "the vectors of all lines go into a NumPy file, [lines, width] in float32. With --nearest N "
      "--among FILE it prints the N lines of the file whose vectors have the highest cosine with "
      "that of each line.\n\n"
      "A directory of sentence-transformers says itself how the states of tokens become one "
      "vector, "
      "how long a text may be, and whether vectors have length 1; other encoders give the mean of "
      "all states. Longer texts are cut. A text's vector does not depend on those beside it.");
  command->footer(
      "Examples:\n"
      "  heed embed --model all-MiniLM-L6-v2 < lines.txt > vectors.jsonl\n"
      "  heed embed --model all-MiniLM-L6-v2 --precision int8 --input lines.txt --output x.npy\n"
      "  echo 'a dog plays' | heed embed --model all-MiniLM-L6-v2 --nearest 3 --among lines.txt");
  const auto options = std::make_shared<EmbedOptions>();
  add_model_option(*command, options->model);
  add_input_option(*command, options->input, "Texts, one a line");
  command->add_option("-o,--output", options->output, "Write the vectors into this .npy file")
      ->type_name(file_value);
  command
      ->add_option("--pooling", options->pooling,
                   "What becomes of the states of a text's tokens: cls (the first), mean, max, "
                   "mean_sqrt_length or last")
      ->type_name("KIND");
  auto* normalise = command->add_flag("--normalise", options->normalise,
                                      "Bring vectors to length 1, whatever the model says");
  command->add_flag("--no-normalise", options->keep_lengths, "Leave the lengths of vectors")
      ->excludes(normalise);
  command
      ->add_option("--max-length", options->max_length,
                   "Tokens of a text that are read, special ones included")
      ->type_name("N");
  auto* nearest = command
                      ->add_option("--nearest", options->nearest,
                                   "Print so many lines of --among that are nearest, by the cosine")
                      ->type_name("N");
  auto* among = command->add_option("--among", options->among, "The lines to search")
                    ->type_name(file_value)
                    ->needs(nearest);
  nearest->needs(among);
  add_computing_options(*command, options->precision, options->threads);
  command->callback([options] { run_embed(*options); });
}

}  // namespace heed::app
