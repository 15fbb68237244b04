#include "heed/metrics/sequence_accuracy.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "heed/base/error.h"

namespace heed {

namespace {

constexpr std::string_view white_space = " \t\n\v\f\r";

std::vector<std::string_view> tokens_of(std::string_view text) {
  std::vector<std::string_view> tokens;
  for (std::size_t begin = text.find_first_not_of(white_space); begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(white_space, begin), text.size());
    tokens.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(white_space, end);
  }
  return tokens;
}

}  // namespace

SentenceStatistics sequence_statistics(std::span<const std::string> hypotheses,
                                       std::span<const std::string> references) {
  check(hypotheses.size() == references.size(),
        "sequence accuracy: {} hypotheses, but {} references", hypotheses.size(),
        references.size());
  SentenceStatistics statistics(4);
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    const auto hypothesis = tokens_of(hypotheses[i]), reference = tokens_of(references[i]);
    std::int64_t right = 0;
    for (std::size_t place = 0; place < std::min(hypothesis.size(), reference.size()); ++place) {
      right += hypothesis[place] == reference[place] ? 1 : 0;
    }
    const auto longer = static_cast<std::int64_t>(std::max(hypothesis.size(), reference.size()));
    const std::int64_t row[] = {hypothesis == reference ? 1 : 0, 1, right, longer};
    statistics.append(row);
  }
  return statistics;
}

Share Share::exact_match() {
  return {{.key = "exact_match", .name = "% exact", .unit = "points of exact match", .decimals = 1},
          0,
          1};
}

Share Share::token_accuracy() {
  return {{.key = "token_accuracy",
           .name = "% of tokens",
           .unit = "points of token accuracy",
           .decimals = 1},
          2,
          3};
}

}  // namespace heed
