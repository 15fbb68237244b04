#include "heed/metrics/sequence_accuracy.h"

#include <gtest/gtest.h>

#include <vector>

#include "heed/base/error.h"

namespace heed {
namespace {

std::vector<std::int64_t> row(const std::string& hypothesis, const std::string& reference) {
  const std::string hypotheses[] = {hypothesis}, references[] = {reference};
  const SentenceStatistics statistics = sequence_statistics(hypotheses, references);
  return {statistics.row(0).begin(), statistics.row(0).end()};
}

using Row = std::vector<std::int64_t>;

TEST(SequenceAccuracy, CountsPlaceByPlace) {
  EXPECT_EQ(row("1 2 3", "1 2 3"), (Row{1, 1, 3, 3}));
  EXPECT_EQ(row("1 2 4", "1 2 3"), (Row{0, 1, 2, 3}));
  EXPECT_EQ(row("1 2", "1 2 3"), (Row{0, 1, 2, 3}));
  EXPECT_EQ(row("1 2 3 4 5", "1 2 3"), (Row{0, 1, 3, 5}));  // what is too long costs
  EXPECT_EQ(row("2 1 2 3", "1 2 3"), (Row{0, 1, 0, 4}));    // one place aside is wrong throughout
  EXPECT_EQ(row("", "1 2 3"), (Row{0, 1, 0, 3}));
  EXPECT_EQ(row("", ""), (Row{1, 1, 0, 0}));
  EXPECT_EQ(row(" 12\t3 ", "12 3"), (Row{1, 1, 2, 2}));
  EXPECT_EQ(row("12 3", "1 23"), (Row{0, 1, 0, 2}));
}

TEST(SequenceAccuracy, SharesArePercentages) {
  const std::vector<std::string> hypotheses = {"1 2 3", "1 2", "7 7"};
  const std::vector<std::string> references = {"1 2 3", "1 2 3 4", "7 8"};
  const auto total = sequence_statistics(hypotheses, references).total();
  EXPECT_DOUBLE_EQ(Share::exact_match().score_of(total), 100.0 / 3);
  EXPECT_DOUBLE_EQ(Share::token_accuracy().score_of(total), 100.0 * 6 / 9);
  const std::vector<float> same(total.begin(), total.end());
  EXPECT_DOUBLE_EQ(Share::token_accuracy().resampled_score(same), 100.0 * 6 / 9);
  const std::vector<std::int64_t> nothing(4, 0);
  EXPECT_EQ(Share::exact_match().score_of(nothing), 0);
}

TEST(SequenceAccuracy, RefusesDifferentNumbersOfLines) {
  const std::vector<std::string> one = {"1"}, two = {"1", "2"};
  EXPECT_THROW(sequence_statistics(one, two), Error);
}

}  // namespace
}  // namespace heed
