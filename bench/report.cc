// Prints what run.sh measured as one table, and writes it as JSON.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "measurements.h"

namespace {

using namespace heed;
using bench::Measurements;
using bench::Spread;
using bench::TrainingRow;

// "1.43 (1.41-1.46)", or the median alone when there is one value.
std::string with_spread(const Spread& spread, int decimals) {
  const std::string median = fmt::format("{:.{}f}", spread.median, decimals);
  return spread.least == spread.greatest ? median
                                         : fmt::format("{} ({:.{}f}-{:.{}f})", median, spread.least,
                                                       decimals, spread.greatest, decimals);
}

// How many times as fast as PyTorch's fastest float32 mode, if that was measured.
std::string ratio_text(const Measurements& all, const TrainingRow& row) {
  const TrainingRow* base = all.fastest_torch(row.size, "float32");
  const auto ratios =
      base == nullptr ? std::vector<double>() : Measurements::ratios(base->seconds, row.seconds);
  return ratios.empty() ? "-" : with_spread(bench::spread_of(ratios), 2);
}

// The least memory that PyTorch took in any mode at this size and precision; 0 if unknown.
double least_torch_memory(const Measurements& all, const TrainingRow& like) {
  double least = 0;
  for (const TrainingRow& row : all.training) {
    if (row.program == "PyTorch" && row.size == like.size && row.precision == like.precision) {
      const double megabytes = bench::spread_of(row.peak_megabytes).median;
      least = least == 0 ? megabytes : std::min(least, megabytes);
    }
  }
  return least;
}

void print_training(const Measurements& all, const std::string& size, const char* description) {
  std::printf("\nTraining step, %s\n", description);
  std::printf("  %-26s %-18s %-20s %9s %6s %10s\n", "", "x PyTorch float32", "seconds per step",
              "tokens/s", "peak", "memory MB");
  for (const TrainingRow& row : all.training) {
    if (row.size != size) {
      continue;
    }
    std::printf("  %-26s %-18s %-20s %9.0f %5.0f%% %10.0f\n",
                (row.name() + ", " + row.precision).c_str(), ratio_text(all, row).c_str(),
                with_spread(bench::spread_of(row.seconds), 3).c_str(),
                row.tokens_per_second().median, 100 * all.share_of_peak(row),
                bench::spread_of(row.peak_megabytes).median);
  }
  for (const TrainingRow& row : all.training) {
    const double torch =
        row.size == size && row.program == "heed" ? least_torch_memory(all, row) : 0;
    if (torch > 0) {
      std::printf("  heed's memory is %.2f of the least that PyTorch takes in %s\n",
                  bench::spread_of(row.peak_megabytes).median / torch, row.precision.c_str());
    }
  }
}

// How much longer a step takes than with the first scheme.
Spread cost_of(const Measurements& all, const bench::PositionRow& row) {
  return bench::spread_of(Measurements::ratios(row.seconds, all.positions.front().seconds));
}

void print_positions(const Measurements& all) {
  if (all.positions.empty()) {
    return;
  }
  const auto [shorter, longer] = std::pair(*all.positions.front().peak_tensors.begin(),
                                           *all.positions.front().peak_tensors.rbegin());
  std::printf("\nTraining step by position encoding, d 512, 6+6 layers, float32, sentences of %d\n",
              shorter.first);
  std::printf("  %-26s x %-16s %-20s %10s %18s\n", "", all.positions.front().kind.c_str(),
              "seconds per step", "memory MB",
              fmt::format("in sentences of {}", longer.first).c_str());
  for (const bench::PositionRow& row : all.positions) {
    std::printf("  %-26s %-18s %-20s %10.0f %18.0f\n", row.kind.c_str(),
                with_spread(cost_of(all, row), 2).c_str(),
                with_spread(bench::spread_of(row.seconds), 3).c_str(),
                row.peak_tensors.begin()->second, row.peak_tensors.rbegin()->second);
  }
  std::printf("  memory: of tensors at the most, for 4,096 tokens a side in both columns\n");
}

// How many times as fast as CTranslate2; empty when that was not measured.
std::vector<double> decoding_ratios(const Measurements& all, const bench::DecodingRow& row) {
  const bench::DecodingRow* peer = all.peer_of(row);
  return peer == nullptr ? std::vector<double>()
                         : Measurements::ratios(row.tokens_per_second, peer->tokens_per_second);
}

void print_decoding(const Measurements& all) {
  for (const auto& [model, sizes] : all.model_sizes) {
    std::printf("\nTranslating, %s: tokens of the best hypotheses per second\n", sizes.c_str());
    std::printf("  %-34s %-20s %-20s %s\n", "", "heed", "CTranslate2", "x CTranslate2");
    for (const bench::DecodingRow& row : all.decoding) {
      if (row.program != "heed" || row.model != model) {
        continue;
      }
      const bench::DecodingRow* peer = all.peer_of(row);
      const auto ratios = decoding_ratios(all, row);
      std::printf(
          "  %-34s %-20s %-20s %s\n",
          fmt::format("{}, batches of {}, {}",
                      row.beam == 1 ? "greedy" : fmt::format("beam {}", row.beam), row.batch,
                      row.precision)
              .c_str(),
          with_spread(bench::spread_of(row.tokens_per_second), 0).c_str(),
          peer == nullptr ? "-" : with_spread(bench::spread_of(peer->tokens_per_second), 0).c_str(),
          ratios.empty() ? "-" : with_spread(bench::spread_of(ratios), 2).c_str());
    }
  }
  if (!all.model_sizes.empty()) {
    std::printf("  CTranslate2: %s\n", all.ctranslate2_version.empty()
                                           ? "not measured"
                                           : (all.ctranslate2_version +
                                              ", the better of one worker and one for each thread")
                                                 .c_str());
  }
}

void print_report(const Measurements& all) {
  std::printf("\nheed beside %s: %d threads, %d round%s in turn; median (least-greatest)\n",
              all.torch_version.empty() ? "nothing (PyTorch: not installed, not measured)"
                                        : ("PyTorch " + all.torch_version).c_str(),
              all.threads, all.rounds, all.rounds == 1 ? "" : "s");
  std::printf("Batches of 4,096 tokens a side, vocabulary 8,000; %s\n", all.sentences.c_str());
  std::printf("Best oneDNN matrix product: %.0f GFLOP/s float32, %.0f bf16; memory %.0f GB/s\n",
              all.gemm_gflops.at("float32"), all.gemm_gflops.at("bf16"), all.memory_gigabytes);
  print_training(all, "reference", "d 512, 6+6 layers, feed-forward 2,048, 8 heads");
  print_training(all, "small", "d 128, 4+4 layers, feed-forward 256, 4 heads");
  std::printf(
      "  peak: operations of the model on real tokens per second, of the best matrix product's\n"
      "  memory: growth of the resident set over the start; compiled: while steps run\n");
  print_positions(all);
  print_decoding(all);
}

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
  json["gemm_gflops"] = all.gemm_gflops;
  json["memory_gigabytes_per_second"] = all.memory_gigabytes;
  for (const TrainingRow& row : all.training) {
    Json item;
    item["program"] = row.name();
    item["size"] = row.size;
    item["precision"] = row.precision;
    item["parameters"] = row.parameters;
    const TrainingRow* base = all.fastest_torch(row.size, "float32");
    if (base != nullptr && !Measurements::ratios(base->seconds, row.seconds).empty()) {
      item["times_pytorch_float32"] =
          json_of(bench::spread_of(Measurements::ratios(base->seconds, row.seconds)));
    }
    item["seconds_per_step"] = json_of(bench::spread_of(row.seconds));
    item["tokens_per_second"] = json_of(row.tokens_per_second());
    item["share_of_gemm_peak"] = all.share_of_peak(row);
    item["peak_megabytes"] = json_of(bench::spread_of(row.peak_megabytes));
    json["training"].push_back(item);
  }
  for (const bench::PositionRow& row : all.positions) {
    Json item;
    item["kind"] = row.kind;
    item["times_first"] = json_of(cost_of(all, row));
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
    if (row.program == "heed" && !decoding_ratios(all, row).empty()) {
      item["times_ctranslate2"] = json_of(bench::spread_of(decoding_ratios(all, row)));
    }
    json["decoding"].push_back(item);
  }
  json["measurements"] = all.lines;
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints the table of a benchmark run");
  std::string results, json;
  std::vector<std::string> fastest;
  app.add_option("results", results, "Lines of JSON from the programs")->required();
  app.add_option("--json", json, "Write every figure to this file");
  app.add_option("--fastest-mode", fastest,
                 "Only print PyTorch's fastest mode for this size and precision")
      ->expected(2);
  CLI11_PARSE(app, argc, argv);
  try {
    const Measurements all = bench::read_measurements(results);
    if (!fastest.empty()) {
      const TrainingRow* row = all.fastest_torch(fastest[0], fastest[1]);
      std::printf("%s\n", row == nullptr ? "" : row->mode.c_str());
      return 0;
    }
    check_same_work(all);
    print_report(all);
    if (!json.empty()) {
      write_file_atomically(json, json_of(all).dump(2) + "\n");
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "heed_bench_report: %s\n", error.what());
    return exit_code(error.kind());
  }
}
