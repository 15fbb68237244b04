#include "heed/metrics/chrf.h"

#include <fmt/format.h>

#include <map>

#include "heed/base/error.h"
#include "heed/metrics/bootstrap.h"
#include "heed/metrics/ngrams.h"
#include "heed/metrics/text_rules.h"

namespace heed {

namespace {

constexpr std::size_t counts_per_order = 3;

bool is_ascii_punctuation(char32_t c) {
  return (c >= U'!' && c <= U'/') || (c >= U':' && c <= U'@') || (c >= U'[' && c <= U'`') ||
         (c >= U'{' && c <= U'~');
}

// The words of chrF++: one mark is cut from the end of a word, or else from its start.
std::vector<std::u32string_view> words_and_marks(std::u32string_view text) {
  std::vector<std::u32string_view> result;
  for (const std::u32string_view word : split_words(text)) {
    const std::size_t last = word.size() - 1;
    if (last > 0 && is_ascii_punctuation(word[last])) {
      result.push_back(word.substr(0, last));
      result.push_back(word.substr(last));
    } else if (last > 0 && is_ascii_punctuation(word[0])) {
      result.push_back(word.substr(0, 1));
      result.push_back(word.substr(1));
    } else {
      result.push_back(word);
    }
  }
  return result;
}

// The n-grams of one line.
struct LineNgrams {
  NgramCounts characters;
  NgramCounts words;
};

// Reads the lines of a segment, numbering its words.
class LineReader {
 public:
  explicit LineReader(const ChrfOptions& options) : options_(options) {}

  LineNgrams operator()(std::string_view line) {
    const std::u32string text = code_points(line, options_.lowercase);
    std::u32string characters, words;
    if (options_.white_space) {
      characters = text;
    } else {
      for (const std::u32string_view word : split_words(text)) {
        characters += word;
      }
    }
    if (options_.word_order > 0) {
      for (const std::u32string_view word : words_and_marks(text)) {
        words += numbers_.emplace(word, static_cast<char32_t>(numbers_.size())).first->second;
      }
    }
    return {NgramCounts(std::move(characters), options_.character_order),
            NgramCounts(std::move(words), options_.word_order)};
  }

 private:
  const ChrfOptions& options_;
  std::map<std::u32string, char32_t, std::less<>> numbers_;
};

void append_counts(const NgramCounts& hypothesis, const NgramCounts& reference, int max_order,
                   std::vector<std::int64_t>& counts) {
  for (int n = 1; n <= max_order; ++n) {
    const std::int64_t in_reference = reference.total(n);
    // Where the reference is too short for an order, the hypothesis is not blamed for it.
    counts.push_back(in_reference > 0 ? hypothesis.total(n) : 0);
    counts.push_back(in_reference);
    counts.push_back(clipped_matches(hypothesis, {&reference, 1}, n));
  }
}

// F-beta of precision and recall, each averaged over the orders that occur on both sides. Real is
// the type in which sacreBLEU computes: float64 for a corpus, float32 for a bootstrap sample.
template <typename Real, typename Count>
Real f_score(std::span<const Count> totals, const ChrfOptions& options) {
  const auto orders = static_cast<std::size_t>(options.character_order + options.word_order);
  check(totals.size() == counts_per_order * orders, "chrf: {} statistics instead of {}",
        totals.size(), counts_per_order * orders);
  Real precision = 0, recall = 0;
  int effective_orders = 0;
  for (std::size_t i = 0; i < totals.size(); i += counts_per_order) {
    const auto in_hypothesis = static_cast<Real>(totals[i]);
    const auto in_reference = static_cast<Real>(totals[i + 1]);
    const auto matches = static_cast<Real>(totals[i + 2]);
    if (in_hypothesis > 0 && in_reference > 0) {
      precision += matches / in_hypothesis;
      recall += matches / in_reference;
      ++effective_orders;
    }
  }
  if (effective_orders == 0 || precision + recall == 0) {
    return 0;
  }
  precision /= static_cast<Real>(effective_orders);
  recall /= static_cast<Real>(effective_orders);
  const auto weight = static_cast<Real>(options.beta * options.beta);
  return 100 * ((1 + weight) * precision * recall / (weight * precision + recall));
}

}  // namespace

Chrf::Chrf(ChrfOptions options) : options_(options) {
  const auto in_range = [](int order) { return order >= 0 && order <= 100; };
  check_usage(in_range(options.character_order) && in_range(options.word_order) &&
                  options.character_order + options.word_order > 0,
              "chrf: character order {} and word order {}: each must be 0 to 100, and not both 0",
              options.character_order, options.word_order);
  check_usage(options.beta >= 1 && options.beta <= 100, "chrf: beta must be 1 to 100, not {}",
              options.beta);
  const std::string title = name();
  style_ = {.key = options.word_order > 0 ? "chrf++" : "chrf",
            .name = title,
            .unit = title,
            .decimals = 1};
}

std::vector<std::int64_t> Chrf::sentence_statistics(
    std::string_view hypothesis, std::span<const std::string_view> references) const {
  check(!references.empty(), "chrf: a sentence without a reference");
  LineReader read(options_);
  const LineNgrams ours = read(hypothesis);
  std::vector<std::int64_t> best;
  double best_score = -1;
  for (const std::string_view reference : references) {
    const LineNgrams theirs = read(reference);
    std::vector<std::int64_t> counts;
    append_counts(ours.characters, theirs.characters, options_.character_order, counts);
    append_counts(ours.words, theirs.words, options_.word_order, counts);
    const double score = score_of(counts);
    if (score > best_score) {
      best_score = score;
      best = std::move(counts);
    }
  }
  return best;
}

SentenceStatistics Chrf::statistics(std::span<const std::string> hypotheses,
                                    References references) const {
  check_line_counts("chrf", hypotheses, references);
  const int orders = options_.character_order + options_.word_order;
  SentenceStatistics table(counts_per_order * static_cast<std::size_t>(orders));
  std::vector<std::string_view> lines(references.size());
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    for (std::size_t r = 0; r < references.size(); ++r) {
      lines[r] = references[r][i];
    }
    table.append(sentence_statistics(hypotheses[i], lines));
  }
  return table;
}

double Chrf::score_of(std::span<const std::int64_t> totals) const {
  return f_score<double>(totals, options_);
}

double Chrf::resampled_score(std::span<const float> totals) const {
  return f_score<float>(totals, options_);
}

std::string Chrf::name() const {
  return fmt::format("chrF{}{}", options_.beta,
                     std::string(static_cast<std::size_t>(options_.word_order), '+'));
}

std::string Chrf::signature(std::size_t reference_count,
                            const std::optional<BootstrapOptions>& bootstrap) const {
  return fmt::format("{}|case:{}|eff:yes|nc:{}|nw:{}|space:{}|version:{}",
                     signature_start(reference_count, bootstrap),
                     options_.lowercase ? "lc" : "mixed", options_.character_order,
                     options_.word_order, options_.white_space ? "yes" : "no", sacrebleu_version);
}

std::string Chrf::line(const SentenceStatistics& statistics, std::size_t reference_count,
                       const std::optional<BootstrapOptions>& bootstrap, int decimals) const {
  std::optional<ConfidenceInterval> interval;
  if (bootstrap) {
    interval = bootstrap_interval(*this, statistics, *bootstrap);
  }
  return score_line(name(), signature(reference_count, bootstrap), score_of(statistics.total()),
                    interval, "", decimals);
}

double corpus_chrf(std::span<const std::string> hypotheses, References references,
                   const ChrfOptions& options) {
  const Chrf chrf(options);
  return chrf.score_of(chrf.statistics(hypotheses, references).total());
}

}  // namespace heed
