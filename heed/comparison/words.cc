#include "heed/comparison/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "heed/metrics/paired_bootstrap.h"

namespace heed {

std::string join_words(const std::vector<std::string>& words, const char* last) {
  if (words.size() < 2) {
    return words.empty() ? std::string() : words.front();
  }
  const std::vector<std::string> head(words.begin(), words.end() - 1);
  return fmt::format("{}{}{}", fmt::join(head, ", "), last, words.back());
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

std::string spread_text(std::span<const double> scores, int decimals) {
  if (scores.empty()) {
    return "–";
  }
  const ScoreSpread spread = spread_of(scores);
  return scores.size() > 1
             ? fmt::format("{:.{}f} ± {:.{}f}", spread.mean, decimals, spread.deviation, decimals)
             : fmt::format("{:.{}f}", spread.mean, decimals);
}

std::string by_seed_text(std::span<const double> scores, int decimals) {
  std::string text;
  for (const double score : scores) {
    text += fmt::format("{}{:.{}f}", text.empty() ? "by seed: " : ", ", score, decimals);
  }
  return text;
}

std::string named_score(const MetricStyle& style, double score) {
  return style.name.starts_with("% ")
             ? fmt::format("{}: {:.{}f} %", style.name.substr(2), score, style.decimals)
             : fmt::format("{}: {:.{}f}", style.name, score, style.decimals);
}

}  // namespace heed
