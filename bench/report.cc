// Prints what run.sh measured as tables, and writes it as JSON and as a page.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "figures.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "tables.h"

namespace {

using namespace heed;
using bench::Measurements;
using bench::Spread;
using bench::TrainingRow;

// The comparison means nothing unless both trained the same model on the same tokens.
void check_same_work(const Measurements& all) {
  for (const TrainingRow& row : all.training) {
    for (const TrainingRow& other : all.training) {
      check(
          row.size != other.size ||
              (row.parameters == other.parameters && row.tokens == other.tokens),
          "{} has {} parameters and trained on {} tokens, but {} has {} and {}: not the same work",
          row.name(), row.parameters, row.tokens, other.name(), other.parameters, other.tokens);
    }
  }
}

Json json_of(const Spread& spread) {
  return {{"median", spread.median}, {"least", spread.least}, {"greatest", spread.greatest}};
}

Json json_of(const Measurements& all) {
  Json json;
  json["sentences"] = all.sentences;
  json["pytorch"] = all.torch_version;
  json["ctranslate2"] = all.ctranslate2_version;
  json["threads"] = all.threads;
  json["rounds"] = all.rounds;
  json["gemm_gigaops"] = all.gemm_gigaops;
  json["memory_gigabytes_per_second"] = all.memory_gigabytes;
  for (const TrainingRow& row : all.training) {
    Json item;
    item["program"] = row.name();
    item["size"] = row.size;
    item["precision"] = row.precision;
    item["parameters"] = row.parameters;
    if (const auto speedups = all.speedups(row); !speedups.empty()) {
      item["times_pytorch_float32"] = json_of(bench::spread_of(speedups));
    }
    item["seconds_per_step"] = json_of(bench::spread_of(row.seconds));
    item["tokens_per_second"] = json_of(row.tokens_per_second());
    item["share_of_gemm_peak"] = all.share_of_peak(row);
    item["megabytes_without_weights_gradients_moments"] = row.memory_of_work();
    item["peak_megabytes"] = json_of(bench::spread_of(row.peak_megabytes));
    json["training"].push_back(item);
  }
  if (const auto speedups = all.thread_speedups(); !speedups.empty()) {
    json["times_one_thread"] = json_of(bench::spread_of(speedups));
  }
  for (const bench::AttentionRow& row : all.attention) {
    Json item = {{"program", row.program},
                 {"precision", row.precision},
                 {"length", row.length},
                 {"causal", row.causal},
                 {"seconds", json_of(bench::spread_of(row.seconds))}};
    if (const auto speedups = all.speedups(row); row.program == "heed" && !speedups.empty()) {
      item["times_pytorch"] = json_of(bench::spread_of(speedups));
    }
    json["attention"].push_back(item);
  }
  for (const bench::PositionRow& row : all.positions) {
    Json item;
    item["kind"] = row.kind;
    item["times_first"] = json_of(bench::spread_of(all.costs(row)));
    item["seconds_per_step"] = json_of(bench::spread_of(row.seconds));
    for (const auto& [length, megabytes] : row.peak_tensors) {
      item["peak_tensor_megabytes"][std::to_string(length)] = megabytes;
    }
    json["positions"].push_back(item);
  }
  for (const bench::DecodingRow& row : all.decoding) {
    Json item = {{"program", row.program},
                 {"model", all.model_sizes.at(row.model)},
                 {"beam", row.beam},
                 {"batch", row.batch},
                 {"precision", row.precision},
                 {"tokens_per_second", json_of(bench::spread_of(row.tokens_per_second))}};
    if (const auto speedups = all.speedups(row); row.program == "heed" && !speedups.empty()) {
      item["times_ctranslate2"] = json_of(bench::spread_of(speedups));
    }
    json["decoding"].push_back(item);
  }
  for (const bench::TokenizerRow& row : all.tokenizers) {
    json["tokenizers"].push_back(
        {{"program", row.program},
         {"learning_seconds", json_of(bench::spread_of(row.learning_seconds))},
         {"encoding_seconds", json_of(bench::spread_of(row.encoding_seconds))}});
  }
  for (const bench::WritingRow& row : all.writing) {
    json["writing"].push_back(
        {{"program", row.program},
         {"precision", row.precision},
         {"streams", row.streams},
         {"reading_tokens_per_second", json_of(bench::spread_of(row.reading))},
         {"writing_tokens_per_second", json_of(bench::spread_of(row.writing))}});
  }
  json["measurements"] = all.lines;
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints the table of a benchmark run");
  std::string results, json, page;
  app.add_option("results", results, "Lines of JSON from the programs")->required();
  app.add_option("--json", json, "Write every figure to this file");
  app.add_option("--page", page, "Write the figures to this page");
  CLI11_PARSE(app, argc, argv);
  try {
    const Measurements all = bench::read_measurements(results);
    check_same_work(all);
    bench::print_report(all);
    if (!json.empty()) {
      write_file_atomically(json, json_of(all).dump(2) + "\n");
    }
    if (!page.empty()) {
      write_file_atomically(page, render_figure_page(bench::figures_of(all)));
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "heed_bench_report: %s\n", error.what());
    return exit_code(error.kind());
  }
}
