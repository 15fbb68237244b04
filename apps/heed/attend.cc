// heed attend: what a model attends to, as a page, a picture or numbers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "apps/heed/attention_trace.h"
#include "apps/heed/choices.h"
#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/model_loading.h"
#include "apps/heed/theme_option.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/output_file.h"
#include "heed/data/line_reader.h"
#include "heed/formats/numpy.h"
#include "heed/inspect/attention_overview.h"
#include "heed/inspect/attention_page.h"
#include "heed/inspect/heat_map_image.h"

namespace heed::app {

namespace {

struct AttendOptions {
  DecodingOptions decoding;
  std::string sentence;
  std::optional<std::string> target, prompt;
  int max_tokens = 20;
  std::string output;
  std::string kind;
  std::optional<int> layer;
  std::string head;
  bool overview = false;
  std::string theme;
};

std::string sentence_of(const AttendOptions& options) {
  if (!options.sentence.empty()) {
    return options.sentence;
  }
  LineReader reader("/dev/stdin");
  const auto line = reader.next();
  check_usage(line.has_value(), "no sentence; give one as an argument or on standard input");
  std::string sentence(*line);
  check_usage(!reader.next(), "standard input has more than one line; one sentence is expected");
  return sentence;
}

const AttentionStack& chosen_stack(const AttentionView& view, const std::string& kind) {
  const auto found = std::find_if(view.stacks.begin(), view.stacks.end(),
                                  [&](const AttentionStack& s) { return s.name == kind; });
  return found == view.stacks.end() ? view.stacks.back() : *found;
}

HeadChoice head_choice(const AttendOptions& options) {
  return options.head.empty() ? HeadChoice{} : HeadChoice::parse(options.head);
}

AttentionMap chosen_map(const AttendOptions& options, const AttentionView& view) {
  const AttentionStack& stack = chosen_stack(view, options.kind);
  AttentionMap map = choose_map(
      stack, options.layer.value_or(static_cast<int>(stack.layers.size())), head_choice(options));
  map.title = view.source;
  return map;
}

std::string page(const AttendOptions& options, const AttentionView& view,
                 std::optional<Theme> theme) {
  AttentionPageStart start{.stack = options.kind, .layer = options.layer, .theme = theme};
  if (!options.head.empty()) {
    start.head = head_choice(options);
  }
  return render_attention_page(view, start);
}

std::string svg(const AttendOptions& options, const AttentionView& view,
                std::optional<Theme> theme) {
  return options.overview ? render_overview(chosen_stack(view, options.kind), view.source,
                                            theme.value_or(Theme::light))
                          : render_heat_map(chosen_map(options, view), {.theme = theme});
}

std::string png(const AttendOptions& options, const AttentionView& view, Theme theme) {
  return encode_png(options.overview
                        ? draw_overview(chosen_stack(view, options.kind), view.source, theme)
                        : draw_heat_map(chosen_map(options, view), {.theme = theme}));
}

Json json_of(const AttentionView& view, bool is_prompt) {
  Json json = {{is_prompt ? "prompt" : "source", view.source},
               {is_prompt ? "text" : "target", view.target},
               {"attention", Json::array()}};
  for (const AttentionStack& stack : view.stacks) {
    const std::size_t rows = stack.row_labels.size(), columns = stack.column_labels.size();
    Json layers = Json::array();
    for (const AttentionLayer& layer : stack.layers) {
      Json heads = Json::array();
      for (std::size_t h = 0; h < layer.heads.size(); ++h) {
        const float* weights = layer.weights.data() + h * rows * columns;
        Json table = Json::array();
        for (std::size_t i = 0; i < rows; ++i) {
          table.push_back(std::vector<float>(weights + i * columns, weights + (i + 1) * columns));
        }
        heads.push_back({{"head", layer.heads[h]},
                         {"entropy", mean_row_entropy(weights, rows, columns)},
                         {"weights", std::move(table)}});
      }
      layers.push_back({{"layer", layers.size() + 1}, {"heads", std::move(heads)}});
    }
    json["attention"].push_back({{"kind", stack.name},
                                 {"queries", stack.row_labels},
                                 {"keys", stack.column_labels},
                                 {"layers", std::move(layers)}});
  }
  return json;
}

// [layers, heads, queries, keys]: all of the kind, or the chosen layer, or the chosen head. Places
// of heads that were pruned hold NaN.
Tensor array_of(const AttendOptions& options, const AttentionView& view) {
  const AttentionStack& stack = chosen_stack(view, options.kind);
  const int first = options.layer.value_or(1);
  const int last = options.layer.value_or(static_cast<int>(stack.layers.size()));
  choose_map(stack, first, {});  // is the layer there?
  std::vector<HeadChoice> heads = {head_choice(options)};
  if (options.head.empty()) {
    heads.clear();
    for (int head = 1; head <= stack.most_heads(); ++head) {
      heads.push_back({HeadChoice::Kind::one, head});
    }
  }
  std::vector<float> values;
  for (int layer = first; layer <= last; ++layer) {
    const auto& present = stack.layers[static_cast<std::size_t>(layer - 1)].heads;
    for (const HeadChoice& head : heads) {
      if (options.head.empty() &&
          std::find(present.begin(), present.end(), head.number) == present.end()) {
        values.insert(values.end(), stack.cells(), std::numeric_limits<float>::quiet_NaN());
        continue;
      }
      const AttentionMap map = choose_map(stack, layer, head);
      values.insert(values.end(), map.weights.begin(), map.weights.end());
    }
  }
  return Tensor::from_values<float>(std::span<const float>(values),
                                    {last - first + 1, static_cast<std::int64_t>(heads.size()),
                                     static_cast<std::int64_t>(stack.row_labels.size()),
                                     static_cast<std::int64_t>(stack.column_labels.size())});
}

AttentionView view_of(const AttendOptions& options) {
  const std::string sentence = options.prompt ? *options.prompt : sentence_of(options);
  const MatmulPrecision precision = parse_precision(options.decoding.precision);
  const LoadedModel model =
      load_model_for("attend", options.prompt ? "language_modelling" : "translation",
                     options.decoding.model, precision);
  AttentionView view =
      options.prompt
          ? trace_prompt(model, sentence, options.max_tokens, precision)
          : trace_attention(model, sentence, options.target,
                            decoding_config(options.decoding, model.decoding), precision);
  view.model = model.directory.lexically_normal().string();
  return view;
}

void run_attend(const AttendOptions& options) {
  const std::string form = std::filesystem::path(options.output).extension().string();
  check_usage(
      form == ".html" || form == ".svg" || form == ".png" || form == ".json" || form == ".npy",
      "--output {}: its end says what to write: .html, .svg, .png, .json or .npy", options.output);
  const std::optional<Theme> theme = chosen_theme(options.theme, form);
  if (!options.head.empty()) {
    head_choice(options);
  }
  check_usage(options.max_tokens >= 0, "--max-tokens {}: expected 0 or more", options.max_tokens);
  check_usage(!options.prompt || options.kind.empty() || options.kind == "decoder",
              "--kind {}: a language model has the decoder's attention alone", options.kind);
  const OutputFile output(options.output);
  set_thread_count(options.decoding.threads);
  const AttentionView view = view_of(options);
  output.write(form == ".html"  ? page(options, view, theme)
               : form == ".svg" ? svg(options, view, theme)
               : form == ".png" ? png(options, view, theme.value_or(Theme::light))
               : form == ".npy" ? npy_bytes(array_of(options, view), options.output)
                                : json_of(view, options.prompt.has_value()).dump() + "\n");
  write_output(view.target + "\n");
}

}  // namespace

void add_attend_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "attend",
      "Show what each head attends to\n\n"
      "Translates a sentence, or takes the translation of --target; a language model goes on with "
      "a --prompt, always with the most probable token. Keeps the attention weights of every layer "
      "and head of that forward pass, and writes them to a file whose end says how: "
      ".html is a page to explore in a browser, without network; .svg and .png are a picture of "
      "one "
      "map, or of all heads with --overview; .json has the tokens and all weights; .npy the array "
      "[layers, heads, queries, keys] of one kind. The translation, or what was "
      "written, is printed.\n\n"
      "Layers and heads count from 1. Pictures show the mean over the heads of the last layer of "
      "the encoder-decoder attention, or of a language model's own, unless --kind, --layer and "
      "--head "
      "say otherwise; the page "
      "begins with it.");
  command->footer(
      "Examples:\n"
      "  heed attend --model run 'Two dogs play in the snow.' --output attention.html\n"
      "  heed attend --model run 'Two dogs play.' --target 'Zwei Hunde spielen.' --output map.svg\n"
      "  heed attend --model run 'Two dogs play.' --kind encoder --layer 2 --head 3 --output "
      "map.png\n"
      "  head -1 test.en | heed attend --model run --overview --output heads.png\n"
      "  heed attend --model run 'Two dogs play.' --kind decoder --output decoder.npy\n"
      "  heed attend --model run --prompt 'ROMEO:' --max-tokens 30 --output attention.html");
  const auto options = std::make_shared<AttendOptions>();
  auto* prompt =
      command->add_option("-p,--prompt", options->prompt, "What a language model goes on with")
          ->type_name("TEXT");
  command
      ->add_option("--max-tokens", options->max_tokens,
                   "Prompt: tokens written after it at most; 0: none")
      ->needs(prompt)
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("SENTENCE", options->sentence,
                   "The sentence; a line of standard input without it")
      ->excludes(prompt);
  command
      ->add_option("-t,--target", options->target,
                   "Its translation; without it, what decoding finds")
      ->excludes(prompt)
      ->type_name("TEXT");
  add_output_option(*command, options->output, "Where to write: .html, .svg, .png, .json or .npy")
      ->required();
  command->add_option("--kind", options->kind, "encoder, decoder or cross (encoder-decoder)")
      ->check(CLI::IsMember({"encoder", "decoder", "cross"}));
  command->add_option("--layer", options->layer, "The layer, from 1")->type_name("N");
  suggest(command->add_option("--head", options->head, "The head, from 1, or mean, max, rollout"),
          {"mean", "max", "rollout"})
      ->type_name("HEAD");
  command->add_flag("--overview", options->overview, "Pictures: all layers and heads side by side");
  add_theme_option(*command, options->theme);
  add_model_option(*command, options->decoding.model);
  command
      ->add_option("--beam", options->decoding.beam,
                   "Hypotheses kept while decoding; the model's own default if not given")
      ->type_name("N");
  add_computing_options(*command, options->decoding.precision, options->decoding.threads);
  command->callback([options] { run_attend(*options); });
}

}  // namespace heed::app
