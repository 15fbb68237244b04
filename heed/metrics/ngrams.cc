#include "heed/metrics/ngrams.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "heed/base/error.h"

namespace heed {

NgramCounts::NgramCounts(std::u32string symbols, int max_order)
    : symbols_(std::move(symbols)), orders_(static_cast<std::size_t>(max_order)) {
  check_data(symbols_.size() < UINT32_MAX, "n-grams: a line of {} symbols is too long",
             symbols_.size());
  const std::u32string_view text = symbols_;
  const auto limit = static_cast<std::size_t>(max_order);
  std::vector<std::uint32_t> suffixes(symbols_.size());
  std::iota(suffixes.begin(), suffixes.end(), 0u);
  std::sort(suffixes.begin(), suffixes.end(), [&](std::uint32_t a, std::uint32_t b) {
    return text.substr(a, limit) < text.substr(b, limit);
  });
  // Suffixes with the same first n symbols are neighbours; those shorter than n stand before them.
  for (std::size_t n = 1; n <= limit; ++n) {
    std::vector<Ngram>& ngrams = orders_[n - 1];
    for (const std::uint32_t suffix : suffixes) {
      if (text.size() - suffix < n) {
        continue;
      }
      if (!ngrams.empty() && text.substr(ngrams.back().begin, n) == text.substr(suffix, n)) {
        ++ngrams.back().count;
      } else {
        ngrams.push_back({suffix, 1});
      }
    }
  }
}

std::int64_t NgramCounts::total(int n) const {
  return std::max<std::int64_t>(0, length() - n + 1);
}

std::int64_t clipped_matches(const NgramCounts& hypothesis, std::span<const NgramCounts> references,
                             int n) {
  std::vector<std::size_t> next(references.size(), 0);
  std::int64_t matches = 0;
  for (const NgramCounts::Ngram& ngram : hypothesis.of_order(n)) {
    const std::u32string_view wanted = hypothesis.symbols(ngram, n);
    std::int64_t highest = 0;
    for (std::size_t r = 0; r < references.size(); ++r) {
      const auto candidates = references[r].of_order(n);
      // Both lists are sorted, so one pass over each is enough.
      while (next[r] < candidates.size() &&
             references[r].symbols(candidates[next[r]], n) < wanted) {
        ++next[r];
      }
      if (next[r] < candidates.size() && references[r].symbols(candidates[next[r]], n) == wanted) {
        highest = std::max(highest, candidates[next[r]].count);
      }
    }
    matches += std::min(ngram.count, highest);
  }
  return matches;
}

}  // namespace heed
