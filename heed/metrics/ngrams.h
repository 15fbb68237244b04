// Counting n-grams of words or characters, and how many of one text occur in another.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace heed {

// The n-grams of one sequence of symbols, for every order from 1 to a maximum. A symbol is a code
// point, or a number that stands for a word.
class NgramCounts {
 public:
  NgramCounts(std::u32string symbols, int max_order);

  // One distinct n-gram: where it first stands in suffix order, and how often it occurs.
  struct Ngram {
    std::uint32_t begin;
    std::int64_t count;
  };

  // The distinct n-grams of order 1 ≤ n ≤ max_order, sorted by their symbols.
  std::span<const Ngram> of_order(int n) const { return orders_[static_cast<std::size_t>(n) - 1]; }
  std::u32string_view symbols(const Ngram& ngram, int n) const {
    return std::u32string_view(symbols_).substr(ngram.begin, static_cast<std::size_t>(n));
  }
  // Occurrences of all n-grams of this order: length - n + 1, at least 0.
  std::int64_t total(int n) const;
  std::int64_t length() const { return static_cast<std::int64_t>(symbols_.size()); }

 private:
  std::u32string symbols_;
  std::vector<std::vector<Ngram>> orders_;
};

// Σ over the distinct n-grams of the hypothesis of min(its count, its highest count in any one
// reference): the clipped matches of Papineni et al., "BLEU: a method for automatic evaluation of
// machine translation", ACL 2002, section 2.1.
std::int64_t clipped_matches(const NgramCounts& hypothesis, std::span<const NgramCounts> references,
                             int n);

}  // namespace heed
