#include "heed/metrics/paired_bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/sequence_accuracy.h"

namespace heed {
namespace {

// A run that gets each of `count` sentences right with this probability.
SentenceStatistics right_or_wrong(std::size_t count, double probability, std::uint64_t seed) {
  Random random(seed);
  SentenceStatistics statistics(2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t row[] = {random.uniform() < probability ? 1 : 0, 1};
    statistics.append(row);
  }
  return statistics;
}

RunScores scored(const std::vector<SentenceStatistics>& runs) {
  return score_runs(Share({.key = "right"}, 0, 1), std::span(runs), {});
}

TEST(Student, QuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(student_quantile(1), 12.7062, 1e-4);
  EXPECT_NEAR(student_quantile(2), 4.3027, 1e-4);
  EXPECT_NEAR(student_quantile(3), 3.1824, 1e-4);
  EXPECT_NEAR(student_quantile(4), 2.7764, 1e-4);
  EXPECT_NEAR(student_quantile(5), 2.5706, 1e-4);
  EXPECT_NEAR(student_quantile(6), 2.4469, 1e-4);
  EXPECT_NEAR(student_quantile(30), 2.0423, 1e-4);
  EXPECT_NEAR(student_quantile(1000), 1.9623, 1e-4);
  EXPECT_THROW(student_quantile(0), Error);
}

TEST(Spread, MeanAndSampleDeviation) {
  const double scores[] = {2, 4, 4, 4, 5, 5, 7, 9};
  EXPECT_DOUBLE_EQ(spread_of(scores).mean, 5);
  EXPECT_DOUBLE_EQ(spread_of(scores).deviation, std::sqrt(32.0 / 7));
  EXPECT_EQ(spread_of(std::span(scores, 1)).deviation, 0);
  EXPECT_THROW(spread_of({}), Error);
}

TEST(PairedRuns, ClearDifferencesExceedTheNoise) {
  const RunScores good = scored(
      {right_or_wrong(500, 0.8, 1), right_or_wrong(500, 0.8, 2), right_or_wrong(500, 0.8, 3)});
  const RunScores bad = scored(
      {right_or_wrong(500, 0.5, 4), right_or_wrong(500, 0.5, 5), right_or_wrong(500, 0.5, 6)});
  const RunDifference difference = compare_runs(good, bad);
  EXPECT_NEAR(difference.difference, 30, 4);
  EXPECT_LT(difference.lower, difference.difference);
  EXPECT_GT(difference.upper, difference.difference);
  EXPECT_TRUE(difference.exceeds_test_noise());
  EXPECT_TRUE(difference.exceeds_seed_noise());
  EXPECT_TRUE(difference.exceeds_noise());
}

TEST(PairedRuns, ASystemIsNotBetterThanItself) {
  const RunScores runs = scored({right_or_wrong(200, 0.6, 1), right_or_wrong(200, 0.6, 2)});
  const RunDifference difference = compare_runs(runs, runs);
  EXPECT_EQ(difference.difference, 0);
  EXPECT_EQ(difference.lower, 0);
  EXPECT_EQ(difference.upper, 0);
  EXPECT_FALSE(difference.exceeds_noise());
}

// Of pairs of equal systems few may seem different: 5 % at most by either rule alone.
TEST(PairedRuns, EqualSystemsAreSeldomToldApart) {
  int found = 0;
  for (std::uint64_t round = 0; round < 100; ++round) {
    std::vector<SentenceStatistics> first, second;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      first.push_back(right_or_wrong(60, 0.6, 100 * round + seed));
      second.push_back(right_or_wrong(60, 0.6, 100 * round + seed + 50));
    }
    found += compare_runs(scored(first), scored(second)).exceeds_noise() ? 1 : 0;
  }
  EXPECT_LE(found, 8);
}

TEST(PairedRuns, EitherNoiseAloneHidesADifference) {
  // Apart on every sentence that one gets wrong, but as far apart as the seeds are.
  const RunScores steady = {{50, 50, 50}, {49, 50, 51, 50}};
  const RunScores restless = {{40, 55, 49}, {46, 47, 48, 47}};
  EXPECT_TRUE(compare_runs(steady, restless).exceeds_test_noise());
  EXPECT_FALSE(compare_runs(steady, restless).exceeds_seed_noise());
  // The same for every seed, but due to few sentences.
  const RunScores better = {{52, 52, 52}, {50, 55, 47, 56}};
  EXPECT_TRUE(compare_runs(better, steady).exceeds_seed_noise());
  EXPECT_FALSE(compare_runs(better, steady).exceeds_test_noise());
  EXPECT_FALSE(compare_runs(better, steady).exceeds_noise());
}

TEST(PairedRuns, OneRunEachHasNoSpreadOverSeeds) {
  const RunDifference difference =
      compare_runs(scored({right_or_wrong(500, 0.9, 1)}), scored({right_or_wrong(500, 0.5, 2)}));
  EXPECT_FALSE(difference.margin.has_value());
  EXPECT_TRUE(difference.exceeds_noise());
}

TEST(PairedRuns, ExchangingTheSystemsChangesTheSignAlone) {
  const RunScores first = scored({right_or_wrong(100, 0.7, 1), right_or_wrong(100, 0.7, 2)});
  const RunScores second = scored({right_or_wrong(100, 0.6, 3), right_or_wrong(100, 0.6, 4)});
  const RunDifference forward = compare_runs(first, second), back = compare_runs(second, first);
  EXPECT_EQ(forward.difference, -back.difference);
  EXPECT_EQ(forward.lower, -back.upper);
  EXPECT_EQ(forward.upper, -back.lower);
  EXPECT_EQ(forward.margin, back.margin);
}

TEST(PairedRuns, TheSameSentencesAreDrawnForEverySystemAndTime) {
  const std::vector<std::string> references = {"a b c d e", "f g h i j", "k l m n o", "p q r s t"};
  std::vector<std::string> worse = references;
  worse[1] = "f g x i j";
  const std::vector<std::vector<std::string>> reference_files = {references};
  const Bleu bleu;
  const auto statistics = [&](const std::vector<std::string>& hypotheses) {
    return std::vector<SentenceStatistics>{bleu.statistics(hypotheses, reference_files)};
  };
  const RunScores perfect = score_runs(bleu, statistics(references), {});
  const RunScores flawed = score_runs(bleu, statistics(worse), {});
  ASSERT_EQ(perfect.resampled.size(), 1000u);
  // Only samples without the second sentence are perfect: (3/4)⁴ of them.
  std::size_t equal = 0;
  for (std::size_t i = 0; i < perfect.resampled.size(); ++i) {
    EXPECT_LE(flawed.resampled[i], perfect.resampled[i]);
    equal += flawed.resampled[i] == perfect.resampled[i] ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(equal), 316, 60);
  EXPECT_EQ(score_runs(bleu, statistics(worse), {}).resampled, flawed.resampled);
}

TEST(PairedRuns, RefusesWhatCannotBePaired) {
  EXPECT_THROW(scored({}), Error);
  EXPECT_THROW(scored({right_or_wrong(10, 0.5, 1), right_or_wrong(11, 0.5, 1)}), Error);
  EXPECT_THROW(compare_runs({{1}, {1, 2}}, {{1}, {1}}), Error);
}

}  // namespace
}  // namespace heed
