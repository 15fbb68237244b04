#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "heed/inspect/sample_report.h"

namespace heed {
namespace {

std::vector<float> diagonal_weights(int rows, int columns, int layer, int head) {
  std::mt19937 generator(static_cast<unsigned>(7 + 31 * layer + head));
  std::uniform_real_distribution<double> noise(0.0, 1.0);
  const double width = 0.35 + 0.5 * head + 0.8 / (1 + layer);
  std::vector<float> weights;
  for (int i = 0; i < rows; ++i) {
    const double centre = (i + 0.5) * columns / rows - 0.5 + (head % 3 - 1) * 0.8;
    std::vector<double> row;
    double sum = 0;
    for (int j = 0; j < columns; ++j) {
      const double near = std::exp(-0.5 * std::pow((j - centre) / width, 2));
      row.push_back(near + 0.03 * noise(generator) + (j == columns - 1 ? 0.12 * head : 0.0));
      sum += row.back();
    }
    for (const double weight : row) {
      weights.push_back(static_cast<float>(weight / sum));
    }
  }
  return weights;
}

void add_maps(RunReport& report, const std::string& title, const std::string& kind,
              const std::vector<std::string>& rows, const std::vector<std::string>& columns,
              int layer_count, int head_count) {
  for (int layer = 1; layer <= layer_count; ++layer) {
    for (int head = 1; head <= head_count; ++head) {
      report.attention.push_back({title, kind, rows, columns, layer, head,
                                  diagonal_weights(static_cast<int>(rows.size()),
                                                   static_cast<int>(columns.size()), layer, head)});
    }
  }
}

void add_curves(RunReport& report, int step_count) {
  std::mt19937 generator(3);
  std::normal_distribution<double> noise(0.0, 1.0);
  Curve loss{"training", "Loss", "nats per token", {}};
  Curve rate{"learning rate", "Learning rate", "", {}, Better::unspecified, false};
  Curve norm{"gradient norm", "Gradient norm", "", {}};
  Curve speed{"training", "Speed", "tokens per second", {}, Better::unspecified, false};
  for (int step = 1; step <= step_count; step += 4) {
    const double x = static_cast<double>(step) / step_count;
    loss.points.push_back(
        {step, 1.6 + 6.9 * std::exp(-14 * x) + 0.9 * std::exp(-3 * x) + 0.16 * noise(generator)});
    rate.points.push_back({step, 0.005 * std::min(x / 0.1, std::sqrt(0.1 / x))});
    norm.points.push_back({step, std::exp(0.3 * noise(generator)) * (0.4 + 3 * std::exp(-20 * x))});
    speed.points.push_back({step, 21500 + 600 * noise(generator)});
  }
  Curve validation{"validation", "Loss", "nats per token", {}, Better::lower};
  Curve bleu{"validation", "BLEU", "13a, cased", {}, Better::higher, false};
  report.history.columns = {"Step",        "Epoch",      "Train loss", "Train PPL",
                            "Valid. loss", "Valid. PPL", "BLEU",       "Time"};
  for (int i = 1; i <= 10; ++i) {
    const double x = i / 10.0;
    const double value =
        1.78 + 6.9 * std::exp(-14 * x) + 0.8 * std::exp(-3 * x) + 0.12 * std::max(0.0, x - 0.75);
    const double train = value - 0.15 * x;
    const double score = 39.6 * (1 - std::exp(-4.5 * x)) - (i == 10 ? 0.4 : 0);
    validation.points.push_back({step_count * i / 10, value});
    bleu.points.push_back({step_count * i / 10, score});
    report.history.rows.push_back(
        {fmt::format("{}", step_count * i / 10), fmt::format("{}", 2 * i),
         fmt::format("{:.3f}", train), fmt::format("{:.2f}", std::exp(train)),
         fmt::format("{:.3f}", value), fmt::format("{:.2f}", std::exp(value)),
         fmt::format("{:.2f}", score), fmt::format("{}:{:02}", 4 * i, (37 * i) % 60)});
  }
  report.history.best_row = 8;
  Curve perplexity{"training", "Perplexity", "per token", loss.points};
  Curve validation_perplexity{"validation", "Perplexity", "per token", validation.points,
                              Better::lower};
  for (Curve* curve : {&perplexity, &validation_perplexity}) {
    for (CurvePoint& point : curve->points) {
      point.value = std::exp(point.value);
    }
  }
  // The name comes first in the aggregate, the chart second.
  report.curves = {loss, validation, perplexity, validation_perplexity, bleu, rate, norm, speed};
}

}  // namespace

AttentionMap make_sample_map(int row_count, int column_count, int layer, int head) {
  AttentionMap map{"sample",
                   "attention",
                   {},
                   {},
                   layer,
                   head,
                   diagonal_weights(row_count, column_count, layer, head)};
  for (int i = 0; i < row_count; ++i) {
    map.row_labels.push_back(fmt::format("row{}", i));
  }
  for (int j = 0; j < column_count; ++j) {
    map.column_labels.push_back(fmt::format("column{}", j));
  }
  return map;
}

RunReport make_sample_report(int step_count, int layer_count, int head_count) {
  RunReport report;
  report.title = "multi30k-en-de";
  report.subtitle = "English to German, 29,000 sentence pairs";
  report.summary = {
      {"Best BLEU", "39.2", true},
      {"Test BLEU", "41.3", true},
      {"Parameters", "2,657,408", true},
      {"Time", "41 min 12 s", true},
      {"Steps", "8,000", false},
      {"Epochs", "20", false},
      {"Tokens per second", "21,480", false},
      {"Precision", "bf16, float32 master weights", false},
      {"Vocabulary", "8,000 joint byte-pair units", false},
      {"Model", "4 + 4 layers, d 128, 4 heads, feed-forward 256, post-norm", false},
      {"Peak memory", "612 MB", false},
      {"Signature", "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0", false}};
  add_curves(report, step_count);
  report.source_language = "en";
  report.target_language = "de";
  report.sample_wording = {.title = "Translations",
                           .input = "Source",
                           .expected = "Reference",
                           .given = "Output",
                           .score = "sentence BLEU"};
  report.samples = {
      {"Two young, White males are outside near many bushes.",
       "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.",
       "Zwei junge weiße Männer sind draußen in der Nähe vieler Büsche.", 64.3},
      {"Several men in hard hats are operating a giant pulley system.",
       "Mehrere Männer mit Schutzhelmen bedienen ein Antriebsradsystem.",
       "Mehrere Männer mit Schutzhelmen bedienen ein riesiges System.", 47.9},
      {"A little girl climbing into a wooden playhouse.",
       "Ein kleines Mädchen klettert in ein Spielhaus aus Holz.",
       "Ein kleines Mädchen klettert in ein Spielhaus aus Holz.", 100.0},
      {"二〇二一年三月三日", "2021-03-03", "2021-03-08", std::nullopt},
      {"رجل يرتدي قميصًا أزرق يقف على سلم وينظف نافذة.", "一个穿蓝色衬衫的男人站在梯子上擦窗户。",
       "一个穿蓝衬衫的男人站在梯子上清洁窗户。", 38.2},
      {"A man in a blue shirt is standing on a ladder cleaning a window.",
       "Ein Mann in einem blauen Hemd steht auf einer Leiter und putzt ein Fenster.",
       "Ein Mann in einem blauen Hemd steht auf einer Leiter und reinigt ein Fenster.", 80.7},
      {"Two men are at the stove preparing food.",
       "Zwei Männer stehen am Herd und bereiten Essen zu.",
       "Zwei Männer bereiten am Herd Essen zu.", 33.0},
      {"", "", "", std::nullopt}};
  const std::vector<std::string> english = {"▁Two",  "▁young", ",",        "▁White", "▁male",
                                            "s",     "▁are",   "▁outside", "▁near",  "▁many",
                                            "▁bush", "es",     ".",        "</s>"};
  const std::vector<std::string> german = {"▁Zwei",    "▁junge", "▁weiße", "▁Männer", "▁sind",
                                           "▁draußen", "▁in",    "▁der",   "▁Nähe",   "▁vieler",
                                           "▁Bü",      "sche",   ".",      "</s>"};
  add_maps(report, "Two young, White males are outside near many bushes.",
           "encoder-decoder attention", german, english, layer_count, head_count);
  add_maps(report, "Two young, White males are outside near many bushes.", "encoder self-attention",
           english, english, layer_count, head_count);
  add_maps(report, "二〇二一年三月三日", "encoder-decoder attention",
           {"2", "0", "2", "1", "-", "0", "3", "-", "0", "3", "</s>"},
           {"二", "〇", "二", "一", "年", "三", "月", "三", "日", "</s>"}, layer_count, head_count);
  report.notes = {
      "Validation decodes with beam 5; the test set is decoded once, by the best model.",
      "3 pairs longer than 256 tokens were skipped."};
  return report;
}

}  // namespace heed
