#include "heed/metrics/bits_per_character.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "heed/base/error.h"
#include "heed/metrics/paired_bootstrap.h"

namespace heed {
namespace {

SentenceStatistics statistics_of(std::span<const double> log_probabilities) {
  SentenceStatistics statistics(BitsPerCharacter::columns);
  for (const double value : log_probabilities) {
    statistics.append(BitsPerCharacter::row(value, 10, 20));
  }
  return statistics;
}

TEST(BitsPerCharacter, AreTheBitsOfAllCharactersByTheirNumber) {
  // 30 and 50 bits on ten characters each.
  const double values[] = {-30 * std::log(2.0), -50 * std::log(2.0)};
  const auto total = statistics_of(values).total();
  EXPECT_NEAR(BitsPerCharacter().score_of(total), 4, 1e-9);
  EXPECT_NEAR(BitsPerCharacter::loss_of(total), 80 * std::log(2.0) / 40, 1e-6);
  const float resampled[] = {80e6f, 20, 40};
  EXPECT_NEAR(BitsPerCharacter().resampled_score(resampled), 4, 1e-6);
}

TEST(BitsPerCharacter, NothingCostsNothingAndTheImpossibleALot) {
  EXPECT_EQ(BitsPerCharacter().score_of(std::vector<std::int64_t>{0, 0, 0}), 0);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_GT(BitsPerCharacter::row(-infinity, 1, 1)[0], 1e11);
  EXPECT_THROW(BitsPerCharacter::row(std::nan(""), 1, 1), Error);
}

TEST(BitsPerCharacter, DifferencesAreToldFromNoise) {
  std::vector<double> better, worse;
  for (int i = 0; i < 100; ++i) {
    better.push_back(-20 - i % 7);
    worse.push_back(-21 - i % 7);
  }
  const SentenceStatistics first[] = {statistics_of(better)}, second[] = {statistics_of(worse)};
  const RunDifference difference = compare_runs(score_runs(BitsPerCharacter(), first, {}),
                                                score_runs(BitsPerCharacter(), second, {}));
  EXPECT_NEAR(difference.difference, -1 / (10 * std::log(2.0)), 1e-6);
  EXPECT_TRUE(difference.exceeds_noise());
}

}  // namespace
}  // namespace heed
