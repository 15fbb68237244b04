#include "heed/comparison/pair_sentences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heed/comparison/words.h"

namespace heed {

std::vector<std::string> pair_sentences(const ComparisonGroup& group,
                                        const std::vector<PairSummary>& pairs,
                                        const MetricStyle& style) {
  if (pairs.size() > 1 && std::none_of(pairs.begin(), pairs.end(), [](const PairSummary& pair) {
        return pair.difference.exceeds_noise();
      })) {
    return {fmt::format("No difference between the {} exceeds the noise.", group.variants.size())};
  }
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < pairs.size();) {
    const std::size_t first = pairs[i].first;
    std::vector<std::string> worse, equal;
    for (; i < pairs.size() && pairs[i].first == first; ++i) {
      const std::string& other = group.variants[pairs[i].second].label;
      if (pairs[i].difference.exceeds_noise()) {
        worse.push_back(fmt::format("{} by {:.{}f}", other,
                                    std::abs(pairs[i].difference.difference), style.decimals));
      } else {
        equal.push_back(other);
      }
    }
    const std::string& name = group.variants[first].label;
    const std::string others = join_words(equal, " or ");
    std::string sentence;
    if (!worse.empty()) {
      sentence = fmt::format("{} is better than {} {}", name, join_words(worse), style.unit);
      sentence += equal.empty() ? "" : "; it cannot be told apart from " + others;
    } else if (equal.size() == 1) {
      sentence = fmt::format("{} and {} cannot be told apart", name, others);
    } else {
      sentence = fmt::format("{} cannot be told apart from {}", name, others);
    }
    sentences.push_back(sentence + ".");
  }
  return sentences;
}

}  // namespace heed
