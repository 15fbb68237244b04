#include "heed/metrics/bleu.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <unordered_map>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/metrics/bootstrap.h"
#include "heed/metrics/ngrams.h"
#include "heed/metrics/text_rules.h"

namespace heed {

namespace {

struct NamedSmoothing {
  std::string_view name;
  BleuSmoothing smoothing;
  std::optional<double> default_value;
};

constexpr std::array smoothings = {
    NamedSmoothing{"none", BleuSmoothing::none, std::nullopt},
    NamedSmoothing{"floor", BleuSmoothing::floor, 0.1},
    NamedSmoothing{"add-k", BleuSmoothing::add_k, 1.0},
    NamedSmoothing{"exp", BleuSmoothing::exponential, std::nullopt},
};

const NamedSmoothing& description(BleuSmoothing smoothing) {
  for (const NamedSmoothing& candidate : smoothings) {
    if (candidate.smoothing == smoothing) {
      return candidate;
    }
  }
  fail(ErrorKind::failure, "bleu: unknown smoothing {}", static_cast<int>(smoothing));
}

double smooth_value(const BleuOptions& options) {
  return options.smooth_value.value_or(description(options.smoothing).default_value.value_or(0.0));
}

// Gives each distinct word of a segment a number, so that n-grams of words are n-grams of numbers.
class WordNumbers {
 public:
  std::u32string operator()(const std::vector<std::u32string>& words) {
    std::u32string numbers;
    for (const std::u32string& word : words) {
      numbers += numbers_.emplace(word, static_cast<char32_t>(numbers_.size())).first->second;
    }
    return numbers;
  }

 private:
  std::unordered_map<std::u32string, char32_t> numbers_;
};

std::int64_t nearest_length(std::int64_t length, std::span<const NgramCounts> references) {
  std::int64_t nearest = references.front().length();
  for (const NgramCounts& reference : references) {
    const std::int64_t candidate = reference.length();
    const std::int64_t distance = std::abs(length - candidate);
    const std::int64_t best = std::abs(length - nearest);
    if (distance < best || (distance == best && candidate < nearest)) {
      nearest = candidate;
    }
  }
  return nearest;
}

double brevity_penalty(std::int64_t hypothesis_length, std::int64_t reference_length) {
  if (hypothesis_length >= reference_length) {
    return 1;
  }
  if (hypothesis_length == 0) {
    return 0;
  }
  return std::exp(1 -
                  static_cast<double>(reference_length) / static_cast<double>(hypothesis_length));
}

// Papineni's formula on sums of sentence statistics. Real is the type in which sacreBLEU holds the
// counts and precisions: float64 for a corpus, float32 for a bootstrap sample.
template <typename Real, typename Count>
BleuScore compute(std::span<const Count> totals, const BleuOptions& options) {
  check(totals.size() == Bleu::statistic_count, "bleu: {} statistics instead of {}", totals.size(),
        Bleu::statistic_count);
  BleuScore result;
  result.hypothesis_length = static_cast<std::int64_t>(totals[0]);
  result.reference_length = static_cast<std::int64_t>(totals[1]);
  result.brevity_penalty = brevity_penalty(result.hypothesis_length, result.reference_length);
  const auto matches = totals.subspan(2, Bleu::max_order);
  const auto ngrams = totals.subspan(2 + Bleu::max_order);
  if (std::all_of(matches.begin(), matches.end(), [](Count count) { return count == 0; })) {
    return result;
  }
  std::size_t order = Bleu::max_order;
  double halvings = 1;
  for (std::size_t n = 0; n < Bleu::max_order; ++n) {
    Real correct = static_cast<Real>(matches[n]), total = static_cast<Real>(ngrams[n]);
    if (options.smoothing == BleuSmoothing::add_k && n > 0) {
      correct += static_cast<Real>(smooth_value(options));
      total += static_cast<Real>(smooth_value(options));
    }
    if (total == 0) {
      break;
    }
    if (options.effective_order) {
      order = n + 1;
    }
    Real precision = 0;
    if (correct != 0) {
      precision = Real(100) * correct / total;
    } else if (options.smoothing == BleuSmoothing::exponential) {
      halvings *= 2;
      precision = Real(100) / (static_cast<Real>(halvings) * total);
    } else if (options.smoothing == BleuSmoothing::floor) {
      precision = static_cast<Real>(100 * smooth_value(options)) / total;
    }
    result.precisions[n] = precision;
  }
  double logarithms = 0;
  for (std::size_t n = 0; n < order; ++n) {
    // The logarithm of 0 is floored, low enough to make the score 0.
    logarithms += result.precisions[n] == 0 ? -9999999999.0 : std::log(result.precisions[n]);
  }
  result.score = result.brevity_penalty * std::exp(logarithms / static_cast<double>(order));
  return result;
}

}  // namespace

BleuSmoothing parse_bleu_smoothing(std::string_view name) {
  std::vector<std::string> known;
  for (const NamedSmoothing& candidate : smoothings) {
    if (candidate.name == name) {
      return candidate.smoothing;
    }
    known.emplace_back(candidate.name);
  }
  const auto nearest = nearest_name(name, known);
  fail(ErrorKind::usage, "unknown BLEU smoothing '{}'; known: {}{}", name, known,
       nearest ? "; did you mean '" + *nearest + "'?" : std::string());
}

std::string BleuScore::details() const {
  std::vector<std::string> printed;
  for (const double precision : precisions) {
    printed.push_back(format_decimal(precision, 1));
  }
  const double ratio = reference_length == 0 ? 0
                                             : static_cast<double>(hypothesis_length) /
                                                   static_cast<double>(reference_length);
  return fmt::format("{} (BP = {} ratio = {} hyp_len = {} ref_len = {})", fmt::join(printed, "/"),
                     format_decimal(brevity_penalty, 3), format_decimal(ratio, 3),
                     hypothesis_length, reference_length);
}

Bleu::Counts Bleu::sentence_statistics(std::string_view hypothesis,
                                       std::span<const std::string_view> references) const {
  check(!references.empty(), "bleu: a sentence without a reference");
  WordNumbers numbers;
  const auto ngrams = [&](std::string_view line) {
    const std::u32string text = code_points(line, options_.lowercase);
    return NgramCounts(numbers(tokenize_for_bleu(text, options_.tokenizer)), max_order);
  };
  const NgramCounts ours = ngrams(hypothesis);
  std::vector<NgramCounts> theirs;
  for (const std::string_view reference : references) {
    theirs.push_back(ngrams(reference));
  }
  Counts counts{ours.length(), nearest_length(ours.length(), theirs)};
  for (std::size_t n = 1; n <= max_order; ++n) {
    counts[1 + n] = clipped_matches(ours, theirs, static_cast<int>(n));
    counts[1 + max_order + n] = ours.total(static_cast<int>(n));
  }
  return counts;
}

SentenceStatistics Bleu::statistics(std::span<const std::string> hypotheses,
                                    References references) const {
  check_line_counts("bleu", hypotheses, references);
  SentenceStatistics table(statistic_count);
  std::vector<std::string_view> lines(references.size());
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    for (std::size_t r = 0; r < references.size(); ++r) {
      lines[r] = references[r][i];
    }
    table.append(sentence_statistics(hypotheses[i], lines));
  }
  return table;
}

BleuScore Bleu::score(std::span<const std::int64_t> totals) const {
  return compute<double>(totals, options_);
}

const MetricStyle& Bleu::style() const {
  static const MetricStyle style{.key = "bleu", .name = "BLEU", .unit = "BLEU", .decimals = 1};
  return style;
}

double Bleu::resampled_score(std::span<const float> totals) const {
  return compute<float>(totals, options_).score;
}

std::string Bleu::signature(std::size_t reference_count,
                            const std::optional<BootstrapOptions>& bootstrap) const {
  const NamedSmoothing& smoothing = description(options_.smoothing);
  const std::string value = smoothing.default_value
                                ? fmt::format("[{}]", format_decimal(smooth_value(options_), 2))
                                : std::string();
  return fmt::format("{}|case:{}|eff:{}|tok:{}|smooth:{}{}|version:{}",
                     signature_start(reference_count, bootstrap),
                     options_.lowercase ? "lc" : "mixed", options_.effective_order ? "yes" : "no",
                     bleu_tokenizer_name(options_.tokenizer), smoothing.name, value,
                     sacrebleu_version);
}

std::string Bleu::line(const SentenceStatistics& statistics, std::size_t reference_count,
                       const std::optional<BootstrapOptions>& bootstrap, int decimals) const {
  std::optional<ConfidenceInterval> interval;
  if (bootstrap) {
    interval = bootstrap_interval(*this, statistics, *bootstrap);
  }
  const BleuScore whole = score(statistics.total());
  return score_line("BLEU", signature(reference_count, bootstrap), whole.score, interval,
                    whole.details(), decimals);
}

BleuScore corpus_bleu(std::span<const std::string> hypotheses, References references,
                      const BleuOptions& options) {
  const Bleu bleu(options);
  return bleu.score(bleu.statistics(hypotheses, references).total());
}

}  // namespace heed
