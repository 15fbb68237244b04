#include "heed/inspect/head_patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "heed/base/error.h"

namespace heed {

void HeadPatternSums::add(std::span<const std::int32_t> tokens, std::span<const float> weights) {
  const std::size_t n = tokens.size();
  check(weights.size() == n * n, "head patterns: {} weights for {} tokens", weights.size(), n);
  for (std::size_t i = 2; i < n; ++i) {
    const std::span<const float> row = weights.subspan(i * n, n);
    sums_.previous += row[i - 1];
    sums_.itself += row[i];
    sums_.first += row[0];
    ++queries_;
    bool is_repeated = false, is_continued = false;
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (tokens[earlier] != tokens[i]) {
        continue;
      }
      is_repeated = true;
      sums_.same += row[earlier];
      if (earlier + 1 < i) {
        is_continued = true;
        sums_.induction += row[earlier + 1];
      }
    }
    repeated_ += is_repeated ? 1 : 0;
    continued_ += is_continued ? 1 : 0;
  }
}

HeadPatterns HeadPatternSums::means() const {
  const auto mean = [](double sum, std::size_t count) {
    return sum / static_cast<double>(std::max<std::size_t>(count, 1));
  };
  return {.previous = mean(sums_.previous, queries_),
          .itself = mean(sums_.itself, queries_),
          .first = mean(sums_.first, queries_),
          .same = mean(sums_.same, repeated_),
          .induction = mean(sums_.induction, continued_)};
}

std::string pattern_text(const HeadPatterns& patterns) {
  const std::pair<const char*, double> shares[] = {{"induction", patterns.induction},
                                                   {"previous token", patterns.previous},
                                                   {"same token", patterns.same},
                                                   {"itself", patterns.itself},
                                                   {"first token", patterns.first}};
  const auto greatest =
      std::max_element(std::begin(shares), std::end(shares),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  constexpr double least = 0.5;
  return greatest->second < least
             ? std::string()
             : fmt::format("{} {:.0f} %", greatest->first, 100 * greatest->second);
}

}  // namespace heed
