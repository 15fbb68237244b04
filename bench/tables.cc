#include "tables.h"

#include <fmt/format.h>

#include <cstdio>

namespace heed::bench {

namespace {

// "1.43 (1.41-1.46)", or the median alone when there is one value.
std::string with_spread(const Spread& spread, int decimals) {
  const std::string median = fmt::format("{:.{}f}", spread.median, decimals);
  return spread.least == spread.greatest ? median
                                         : fmt::format("{} ({:.{}f}-{:.{}f})", median, spread.least,
                                                       decimals, spread.greatest, decimals);
}

// Ratios as text, or "-" where there are none.
std::string ratio_text(const std::vector<double>& ratios) {
  return ratios.empty() ? "-" : with_spread(spread_of(ratios), 2);
}

// PyTorch's mode at this size and precision that takes the least memory; null if none was measured.
const TrainingRow* smallest_torch(const Measurements& all, const TrainingRow& like) {
  const TrainingRow* smallest = nullptr;
  for (const TrainingRow& row : all.training) {
    if (row.program == "PyTorch" && row.size == like.size && row.precision == like.precision) {
      if (smallest == nullptr || row.memory_of_work() < smallest->memory_of_work()) {
        smallest = &row;
      }
    }
  }
  return smallest;
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
                (row.name() + ", " + row.precision).c_str(), ratio_text(all.speedups(row)).c_str(),
                with_spread(spread_of(row.seconds), 3).c_str(), row.tokens_per_second().median,
                100 * all.share_of_peak(row), spread_of(row.peak_megabytes).median);
  }
  for (const TrainingRow& row : all.training) {
    const TrainingRow* torch =
        row.size == size && row.program == "heed" ? smallest_torch(all, row) : nullptr;
    if (torch != nullptr) {
      std::printf(
          "  %s takes %.2f of the least memory that PyTorch does in %s; without weights, "
          "gradients and moments %.2f\n",
          row.name().c_str(),
          spread_of(row.peak_megabytes).median / spread_of(torch->peak_megabytes).median,
          row.precision.c_str(), row.memory_of_work() / torch->memory_of_work());
    }
  }
}

void print_threads(const Measurements& all) {
  if (const auto speedups = all.thread_speedups(); !speedups.empty()) {
    std::printf("  %d threads are %s times as fast as one, heed, d 512, float32\n", all.threads,
                with_spread(spread_of(speedups), 2).c_str());
  }
}

void print_attention(const Measurements& all) {
  if (all.attention.empty()) {
    return;
  }
  std::printf("\nAttention, forward and backward, heads of 64\n");
  std::printf("  %-32s %-22s %-18s %s\n", "", "x PyTorch", "seconds", "GFLOP/s");
  for (const AttentionRow& row : all.attention) {
    if (row.program != "heed") {
      continue;
    }
    const Spread seconds = spread_of(row.seconds);
    std::printf(
        "  %-32s %-22s %-18s %.0f\n",
        fmt::format("{}, length {}{}", row.precision, row.length, row.causal ? ", causal" : "")
            .c_str(),
        ratio_text(all.speedups(row)).c_str(), with_spread(seconds, 4).c_str(),
        row.operations / seconds.median * 1e-9);
  }
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
  for (const PositionRow& row : all.positions) {
    std::printf("  %-26s %-18s %-20s %10.0f %18.0f\n", row.kind.c_str(),
                ratio_text(all.costs(row)).c_str(), with_spread(spread_of(row.seconds), 3).c_str(),
                row.peak_tensors.begin()->second, row.peak_tensors.rbegin()->second);
  }
  std::printf("  memory: of tensors at the most, for 4,096 tokens a side in both columns\n");
}

// What one sentence at a time reads of weights, as a share of the memory's bandwidth.
std::string share_of_memory(const Measurements& all, const DecodingRow& row) {
  if (row.batch > 1) {
    return "";
  }
  const double read = row.weight_bytes_of_step * spread_of(row.tokens_per_second).median;
  return fmt::format("{:.0f} %", 100 * read / (all.memory_gigabytes * 1e9));
}

void print_decoding(const Measurements& all) {
  for (const auto& [model, sizes] : all.model_sizes) {
    std::printf("\nTranslating, %s: tokens of the best hypotheses per second\n", sizes.c_str());
    std::printf("  %-34s %-20s %-20s %-18s %s\n", "", "heed", "CTranslate2", "x CTranslate2",
                "memory");
    for (const DecodingRow& row : all.decoding) {
      if (row.program != "heed" || row.model != model) {
        continue;
      }
      const DecodingRow* peer = all.peer_of(row);
      std::printf(
          "  %-34s %-20s %-20s %-18s %s\n", row.name().c_str(),
          with_spread(spread_of(row.tokens_per_second), 0).c_str(),
          peer == nullptr ? "-" : with_spread(spread_of(peer->tokens_per_second), 0).c_str(),
          ratio_text(all.speedups(row)).c_str(), share_of_memory(all, row).c_str());
    }
  }
  if (!all.model_sizes.empty()) {
    std::printf("  CTranslate2: %s\n",
                all.ctranslate2_version.empty()
                    ? "not measured"
                    : (all.ctranslate2_version +
                       ", a worker for each thread, or with batches one for all if that is better")
                          .c_str());
    std::printf(
        "  memory: weights that one sentence at a time reads, over the memory's bandwidth; more "
        "than\n"
        "  100 %% comes from the caches\n");
  }
}

void print_tokenizers(const Measurements& all) {
  if (all.tokenizers.empty()) {
    return;
  }
  const TokenizerRow& own = all.tokenizers.front();
  const TokenizerRow* peer = all.tokenizers.size() > 1 ? &all.tokenizers.back() : nullptr;
  std::printf("\nByte-level byte-pair encoding, 8,000 pieces, WikiText-2, %.1f MB\n",
              own.megabytes);
  std::printf("  %-34s %-20s %-20s %s\n", "", "heed", "tokenizers", "x tokenizers");
  const auto line = [&](const char* name, std::map<int, double> TokenizerRow::*seconds) {
    std::printf("  %-34s %-20s %-20s %s\n", name, with_spread(spread_of(own.*seconds), 3).c_str(),
                peer == nullptr ? "-" : with_spread(spread_of(peer->*seconds), 3).c_str(),
                ratio_text(peer == nullptr ? std::vector<double>()
                                           : Measurements::ratios(peer->*seconds, own.*seconds))
                    .c_str());
  };
  line("learning, seconds", &TokenizerRow::learning_seconds);
  line("encoding, seconds", &TokenizerRow::encoding_seconds);
  std::printf("  tokenizers: %s\n", all.tokenizers_version.empty()
                                        ? "not measured"
                                        : (all.tokenizers_version + ", the same ids").c_str());
}

// Tokens a second, and those of the best of the others: where a program's own best precision is
// another one, that counts.
void print_writing(const Measurements& all) {
  if (all.writing.empty()) {
    return;
  }
  std::printf("\nA language model: tokens a second\n");
  std::printf("  %-12s %-10s %6s %8s  %-24s %-24s %s\n", "", "", "texts", "prompts",
              "reading the prompts", "writing", "memory");
  for (const WritingRow& row : all.writing) {
    const double share = row.gigabytes.empty() || all.memory_gigabytes <= 0
                             ? 0
                             : spread_of(row.gigabytes).median / all.memory_gigabytes;
    std::printf("  %-12s %-10s %6d %8d  %-24s %-24s %s\n", row.program.c_str(),
                row.precision.c_str(), row.streams, row.prompt_tokens,
                with_spread(spread_of(row.reading), 0).c_str(),
                with_spread(spread_of(row.writing), 0).c_str(),
                share > 0 ? fmt::format("{:.0f} %", 100 * share).c_str() : "");
  }
  std::printf(
      "  several texts: GPT-2's sizes, random weights; prompts: tokens of each; memory: weights "
      "that "
      "are read, over the memory's bandwidth\n");
  std::printf("  llama.cpp: %s\n", all.llama_cpp_version.empty()
                                       ? "not measured"
                                       : ("llama-cpp-python " + all.llama_cpp_version).c_str());
}

}  // namespace

void print_report(const Measurements& all) {
  std::printf("\nheed beside %s: %d threads, %d round%s in turn; median (least-greatest)\n",
              all.torch_version.empty() ? "nothing (PyTorch: not installed, not measured)"
                                        : ("PyTorch " + all.torch_version).c_str(),
              all.threads, all.rounds, all.rounds == 1 ? "" : "s");
  std::printf("Batches of 4,096 tokens a side, vocabulary 8,000; %s\n", all.sentences.c_str());
  std::printf(
      "Best oneDNN matrix product: %.0f GFLOP/s float32, %.0f bf16, %.0f GOP/s int8; memory "
      "%.0f GB/s\n",
      all.gemm_gigaops.at("float32"), all.gemm_gigaops.at("bf16"), all.gemm_gigaops.at("int8"),
      all.memory_gigabytes);
  print_training(all, "reference", "d 512, 6+6 layers, feed-forward 2,048, 8 heads");
  print_training(all, "small", "d 128, 4+4 layers, feed-forward 256, 4 heads");
  print_training(all, "gpt2-124m", "GPT-2 124M, 4 texts of 1,024 tokens");
  std::printf(
      "  peak: operations of the model on real tokens per second, of the best matrix product's\n"
      "  memory: growth of the resident set over the start; compiled: while steps run\n");
  print_threads(all);
  print_positions(all);
  print_attention(all);
  print_decoding(all);
  print_tokenizers(all);
  print_writing(all);
}

}  // namespace heed::bench
