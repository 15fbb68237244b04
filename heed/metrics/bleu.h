// BLEU (Papineni et al., "BLEU: a method for automatic evaluation of machine translation", ACL
// 2002) as sacreBLEU 2.6.0 computes and prints it (Post, "A call for clarity in reporting BLEU
// scores", WMT 2018).
//
//   const Bleu bleu({.lowercase = true});
//   const SentenceStatistics statistics = bleu.statistics(hypotheses, references);
//   std::cout << bleu.line(statistics, references.size()) << '\n';
//   // BLEU|nrefs:1|case:lc|eff:no|tok:13a|smooth:exp|version:2.6.0 = 38.2 69.4/45.1/… (BP = …)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/metrics/metric.h"
#include "heed/metrics/score_line.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/metrics/tokenizers.h"

namespace heed {

// What becomes of an n-gram order without a match (Chen and Cherry, "A systematic comparison of
// smoothing techniques for sentence-level BLEU", WMT 2014).
enum class BleuSmoothing {
  none,         // its precision is 0, and so is the score
  floor,        // smooth_value matches instead of 0; by default 0.1
  add_k,        // smooth_value more matches and n-grams for every order above 1; by default 1
  exponential,  // "exp": half a match, for the next such order a quarter, and so on; the default
};

// The smoothing that sacreBLEU's option and signature name so. Errors (usage): an unknown name.
BleuSmoothing parse_bleu_smoothing(std::string_view name);

struct BleuOptions {
  BleuTokenizer tokenizer = BleuTokenizer::mteval_13a;
  bool lowercase = false;
  BleuSmoothing smoothing = BleuSmoothing::exponential;
  std::optional<double> smooth_value;  // for floor and add_k; others ignore it
  bool effective_order = false;  // leave out orders for which the text is too short: for single
                                 // sentences
};

struct BleuScore {
  double score = 0;                    // 0 to 100
  std::array<double, 4> precisions{};  // in percent, smoothed
  double brevity_penalty = 0;
  std::int64_t hypothesis_length = 0;  // in tokens
  std::int64_t reference_length = 0;   // of the reference nearest in length, sentence by sentence

  // `69.4/45.1/31.8/22.9 (BP = 1.000 ratio = 1.012 hyp_len = 12190 ref_len = 12050)`
  std::string details() const;
};

class Bleu : public Metric {
 public:
  static constexpr std::size_t max_order = 4;
  // Hypothesis length, reference length, matches of order 1 to 4, n-grams of order 1 to 4.
  static constexpr std::size_t statistic_count = 2 + 2 * max_order;
  using Counts = std::array<std::int64_t, statistic_count>;

  explicit Bleu(BleuOptions options = {}) : options_(options) {}
  const BleuOptions& options() const { return options_; }

  // Errors (bad_data): invalid UTF-8.
  Counts sentence_statistics(std::string_view hypothesis,
                             std::span<const std::string_view> references) const;
  // One row per hypothesis. Errors (bad_data): different numbers of lines, none, invalid UTF-8.
  SentenceStatistics statistics(std::span<const std::string> hypotheses,
                                References references) const;

  // The score of summed statistics. Errors (failure): `totals` has another width.
  BleuScore score(std::span<const std::int64_t> totals) const;
  const MetricStyle& style() const override;
  double score_of(std::span<const std::int64_t> totals) const override {
    return score(totals).score;
  }
  double resampled_score(std::span<const float> totals) const override;

  // `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0`; `version` is sacrebleu_version.
  std::string signature(std::size_t reference_count,
                        const std::optional<BootstrapOptions>& bootstrap = std::nullopt) const;
  // The whole line that sacreBLEU prints for a corpus, with an interval if `bootstrap` is given.
  std::string line(const SentenceStatistics& statistics, std::size_t reference_count,
                   const std::optional<BootstrapOptions>& bootstrap = std::nullopt,
                   int decimals = 1) const;

 private:
  BleuOptions options_;
};

// The score of a corpus in one call.
BleuScore corpus_bleu(std::span<const std::string> hypotheses, References references,
                      const BleuOptions& options = {});

}  // namespace heed
