#include "figures.h"

#include <fmt/format.h>

#include <cmath>

namespace heed::bench {

namespace {

BarFigure::Bar bar_of(std::string name, const std::vector<double>& values, bool own = true) {
  const Spread spread = spread_of(values);
  return {std::move(name), spread.median, spread.least, spread.greatest, own};
}

// A figure of bars, unless there are none.
void add_bars(Figure figure, BarFigure bars, FigureSheet& sheet) {
  if (!bars.bars.empty()) {
    figure.content = std::move(bars);
    sheet.figures.push_back(std::move(figure));
  }
}

void add_training(const Measurements& all, const std::string& size, const std::string& title,
                  FigureSheet& sheet) {
  BarFigure speed{.unit = "times as fast as PyTorch's fastest float32 mode", .mark = 1};
  BarFigure memory{.unit = "MB beyond weights, gradients and moments"};
  for (const TrainingRow& row : all.training) {
    if (row.size != size) {
      continue;
    }
    const std::string name = row.name() + ", " + row.precision;
    const bool own = row.program == "heed";
    if (const auto speedups = all.speedups(row); !speedups.empty()) {
      speed.bars.push_back(bar_of(name, speedups, own));
    }
    if (row.memory_of_work() >= 0) {
      memory.bars.push_back(bar_of(name, {row.memory_of_work()}, own));
    }
  }
  add_bars({title, "A training step on the same batches, forward, backward and Adam.", {}},
           std::move(speed), sheet);
  add_bars({title + ": memory", "The growth of the resident set at the most.", {}},
           std::move(memory), sheet);
}

std::string short_name(const std::string& size) {
  return size == "small" ? "d 128" : size == "reference" ? "d 512" : size;
}

void add_peak(const Measurements& all, FigureSheet& sheet) {
  BarFigure bars{.unit = "% of the best matrix product in that precision", .mark = 100};
  for (const TrainingRow& row : all.training) {
    bars.bars.push_back(bar_of(short_name(row.size) + ", " + row.name() + ", " + row.precision,
                               {100 * all.share_of_peak(row)}, row.program == "heed"));
  }
  add_bars({"Share of the machine",
            "Operations of the model on real tokens per second, of what oneDNN's best matrix "
            "product reaches in the same run.",
            {}},
           std::move(bars), sheet);
}

void add_attention(const Measurements& all, bool causal, FigureSheet& sheet) {
  LineFigure lines{.x_name = "length, as a power of 2", .y_name = "GFLOP/s"};
  for (const AttentionRow& row : all.attention) {
    if (row.causal != causal) {
      continue;
    }
    const std::string name = row.program + ", " + row.precision;
    if (lines.lines.empty() || lines.lines.back().name != name) {
      lines.lines.push_back({name, {}, {}});
    }
    lines.lines.back().x.push_back(std::log2(row.length));
    lines.lines.back().y.push_back(row.operations / spread_of(row.seconds).median * 1e-9);
  }
  if (!lines.lines.empty()) {
    sheet.figures.push_back(
        {causal ? "Attention by length, causal" : "Attention by length",
         "Forward and backward, heads of 64; operations of what the mask leaves.",
         std::move(lines)});
  }
}

void add_positions(const Measurements& all, FigureSheet& sheet) {
  BarFigure bars{.unit = "times as long as with the first", .mark = 1};
  for (const PositionRow& row : all.positions) {
    bars.bars.push_back(bar_of(row.kind, all.costs(row)));
  }
  add_bars({"Position encodings", "A training step at d 512 in sentences of 512.", {}},
           std::move(bars), sheet);
}

void add_decoding(const Measurements& all, FigureSheet& sheet) {
  for (const auto& [model, sizes] : all.model_sizes) {
    BarFigure bars{.unit = "times as fast as CTranslate2", .mark = 1};
    for (const DecodingRow& row : all.decoding) {
      const auto speedups = all.speedups(row);
      if (row.program == "heed" && row.model == model && !speedups.empty()) {
        bars.bars.push_back(bar_of(row.name(), speedups));
      }
    }
    add_bars({"Translating, " + sizes, "The same weights, sentences and threads.", {}},
             std::move(bars), sheet);
  }
}

}  // namespace

FigureSheet figures_of(const Measurements& all) {
  FigureSheet sheet{.title = "heed beside its peers",
                    .subtitle = fmt::format("{} threads, {} round{}; bars are medians, thin lines "
                                            "reach from the least to the greatest round",
                                            all.threads, all.rounds, all.rounds == 1 ? "" : "s")};
  sheet.facts = {{"float32", fmt::format("{:.0f} GFLOP/s", all.gemm_gigaops.at("float32"))},
                 {"bf16", fmt::format("{:.0f} GFLOP/s", all.gemm_gigaops.at("bf16"))},
                 {"int8", fmt::format("{:.0f} GOP/s", all.gemm_gigaops.at("int8"))},
                 {"memory", fmt::format("{:.0f} GB/s", all.memory_gigabytes)}};
  add_training(all, "reference", "Training, d 512, 6+6 layers", sheet);
  add_training(all, "small", "Training, d 128, 4+4 layers", sheet);
  add_training(all, "gpt2-124m", "Training, GPT-2 124M", sheet);
  add_peak(all, sheet);
  add_attention(all, false, sheet);
  add_attention(all, true, sheet);
  add_positions(all, sheet);
  add_decoding(all, sheet);
  return sheet;
}

}  // namespace heed::bench
