// heed positions: the picture of a position scheme.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

#include "apps/heed/choices.h"
#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "apps/heed/position_figures.h"
#include "apps/heed/theme_option.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/output_file.h"
#include "heed/base/yaml.h"
#include "heed/formats/numpy.h"

namespace heed::app {

namespace {

struct PositionsOptions {
  std::string kind;
  std::string output;
  int size = 64;
  int length = 128;
  int heads = 8;
  bool causal = false;
  std::vector<std::string> overrides;
  std::string theme;
};

PositionConfig config_of(const PositionsOptions& options) {
  Json json = Json::object();
  for (const std::string& assignment : options.overrides) {
    apply_override(json, assignment);
  }
  check_usage(!json.contains("kind"), "--set kind: the kind is the argument of heed positions");
  PositionConfig config = config_from_json<PositionConfig>(json, "--set");
  config.kind = options.kind;
  return config;
}

// The numbers of the first figure, as rows.
Tensor array_of(const FigureSheet& sheet) {
  std::vector<float> values;
  std::int64_t rows = 0;
  const auto append = [&](const std::vector<double>& row) {
    values.insert(values.end(), row.begin(), row.end());
    ++rows;
  };
  const auto& content = sheet.figures.front().content;
  if (const auto* heat = std::get_if<HeatFigure>(&content)) {
    values = heat->values;
    rows = static_cast<std::int64_t>(heat->rows);
  } else if (const auto* lines = std::get_if<LineFigure>(&content)) {
    append(lines->lines.front().x);
    for (const FigureLine& line : lines->lines) {
      append(line.y);
    }
  } else {
    for (const TurnFigure::Circle& circle : std::get<TurnFigure>(content).circles) {
      append(circle.x);
      append(circle.y);
    }
  }
  return Tensor::from_values<float>(std::span<const float>(values),
                                    {rows, static_cast<std::int64_t>(values.size()) / rows});
}

void run_positions(const PositionsOptions& options) {
  const std::string form = std::filesystem::path(options.output).extension().string();
  check_usage(
      form == ".html" || form == ".svg" || form == ".png" || form == ".json" || form == ".npy",
      "--output {}: its end says what to write: .html, .svg, .png, .json or .npy", options.output);
  const std::optional<Theme> theme = chosen_theme(options.theme, form);
  const OutputFile output(options.output);
  const FigureSheet sheet = position_figures(config_of(options), {.size = options.size,
                                                                  .heads = options.heads,
                                                                  .key_heads = options.heads,
                                                                  .head_size = options.size,
                                                                  .layers = 1,
                                                                  .longest = options.length,
                                                                  .causal = options.causal,
                                                                  .device = cpu_device});
  const Theme pixels = theme.value_or(Theme::light);
  output.write(form == ".html"  ? render_figure_page(sheet, theme)
               : form == ".svg" ? render_figure_svg(sheet, theme)
               : form == ".png" ? encode_png(draw_figures(sheet, pixels))
               : form == ".npy" ? npy_bytes(array_of(sheet), options.output)
                                : figure_json(sheet).dump() + "\n");
}

}  // namespace

void add_positions_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "positions",
      "Show how a scheme tells positions apart\n\n"
      "Draws what the scheme computes: the table that it adds to embeddings and how similar its "
      "rows "
      "are, the rotation of queries and keys, the bias of each head by distance, the buckets of "
      "distances. The end of the file says how: .html is a page, without network; .svg and .png "
      "are "
      "one picture; .json has all numbers, .npy those of the first figure. What is learned is "
      "shown "
      "as it is before training.");
  command->footer(
      "Examples:\n"
      "  heed positions sinusoidal --output sinusoidal.html\n"
      "  heed positions rotary --set scaling=yarn --set scaling_factor=4 --output rotary.svg\n"
      "  heed positions alibi --heads 12 --causal --output alibi.png\n"
      "  heed positions t5 --length 300 --output buckets.json");
  const auto options = std::make_shared<PositionsOptions>();
  std::vector<std::string> kinds;
  for (const PositionScheme& scheme : position_schemes()) {
    kinds.push_back(scheme.kind);
  }
  suggest(command->add_option("KIND", options->kind,
                              "The scheme: " + fmt::format("{}", fmt::join(kinds, ", "))),
          kinds)
      ->required();
  add_output_option(*command, options->output, "Where to write: .html, .svg, .png, .json or .npy")
      ->required();
  command
      ->add_option("--size", options->size,
                   "Width of the embeddings; of a head for schemes that act inside attention")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--length", options->length, "Number of positions")
      ->check(CLI::Range(2, 2048))
      ->capture_default_str();
  command->add_option("--heads", options->heads, "Number of heads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_flag("--causal", options->causal, "As in a decoder, which sees no future");
  add_set_option(*command, options->overrides,
                 "An option of the scheme, as below model.position in a recipe (see heed recipe)")
      ->type_name(option_value);
  add_theme_option(*command, options->theme);
  command->callback([options] { run_positions(*options); });
}

}  // namespace heed::app
