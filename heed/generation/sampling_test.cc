#include "heed/generation/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "heed/backends/reference/register.h"
#include "heed/generation/generate.h"
#include "heed/generation/test_table_model.h"

namespace heed {
namespace {

const TextSymbols six_tokens{.start = 5, .end = 0, .suppressed = {5}};

DecodingConfig sampling() {
  DecodingConfig config;
  config.sample = true;
  config.beam = 1;
  return config;
}

// Draws `count` times from the same row.
std::vector<Candidate> draw(const std::vector<double>& row, int count, const DecodingConfig& config,
                            DType dtype = DType::float64) {
  std::vector<double> logits;
  std::vector<Draw> draws;
  for (int i = 0; i < count; ++i) {
    logits.insert(logits.end(), row.begin(), row.end());
    draws.push_back({.row = i, .index = i, .hypothesis = 0, .step = 3, .config = &config});
  }
  const Tensor tensor =
      Tensor::from_values<double>(std::span<const double>(logits),
                                  {count, static_cast<std::int64_t>(row.size())}, reference_device);
  const auto candidates = draw_candidates(dtype == DType::float64 ? tensor : tensor.to(dtype),
                                          draws, six_tokens.suppressed);
  std::vector<Candidate> result;
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(candidates.row(i).size(), 1u);
    result.push_back(candidates.row(i)[0]);
  }
  return result;
}

// Σ (observed - expected)² / expected; tokens of weight 0 must not be drawn at all.
double chi_square(const std::vector<Candidate>& drawn, const std::vector<double>& weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::map<int, int> counts;
  for (const Candidate& candidate : drawn) {
    ++counts[candidate.token];
  }
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double expected = weights[i] / total * static_cast<double>(drawn.size());
    const int observed = counts[static_cast<int>(i)];
    if (expected == 0) {
      EXPECT_EQ(observed, 0) << "token " << i;
    } else {
      sum += (observed - expected) * (observed - expected) / expected;
    }
  }
  return sum;
}

const std::vector<double> row = {std::log(0.1), std::log(0.4),  std::log(0.25),
                                 std::log(0.2), std::log(0.05), 9.0};
constexpr double unlikely = 20.5;  // chi-square with 5 degrees of freedom exceeds it once in 1,000

class SamplingTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }
};

TEST_F(SamplingTest, DrawsFromTheDistribution) {
  for (const DType dtype : {DType::float64, DType::float32}) {
    EXPECT_LT(chi_square(draw(row, 20000, sampling(), dtype), {0.1, 0.4, 0.25, 0.2, 0.05, 0}),
              unlikely);
  }
}

TEST_F(SamplingTest, TemperatureSharpensAndFlattens) {
  DecodingConfig config = sampling();
  config.temperature = 0.5;  // squares the odds
  EXPECT_LT(chi_square(draw(row, 20000, config), {0.01, 0.16, 0.0625, 0.04, 0.0025, 0}), unlikely);
  config.temperature = 2;
  EXPECT_LT(chi_square(draw(row, 20000, config),
                       {std::sqrt(0.1), std::sqrt(0.4), 0.5, std::sqrt(0.2), std::sqrt(0.05), 0}),
            unlikely);
  config.temperature = 1e-6;
  EXPECT_EQ(chi_square(draw(row, 100, config), {0, 1, 0, 0, 0, 0}), 0);
}

TEST_F(SamplingTest, RestrictionsCutTheTail) {
  DecodingConfig config = sampling();
  config.top_k = 2;
  EXPECT_LT(chi_square(draw(row, 20000, config), {0, 0.4, 0.25, 0, 0, 0}), unlikely);
  config.top_k = 0;
  config.top_p = 0.84;  // 0.4 + 0.25 + 0.2 is enough
  EXPECT_LT(chi_square(draw(row, 20000, config), {0, 0.4, 0.25, 0.2, 0, 0}), unlikely);
  config.top_k = 3;
  config.top_p = 0.7;  // of 0.85: 0.4 / 0.85 < 0.7 <= 0.65 / 0.85
  EXPECT_LT(chi_square(draw(row, 20000, config), {0, 0.4, 0.25, 0, 0, 0}), unlikely);
}

TEST_F(SamplingTest, TheLessProbableThanAShareOfTheBestAreLeftOut) {
  DecodingConfig config = sampling();
  config.min_p = 0.3;  // of 0.4
  EXPECT_LT(chi_square(draw(row, 20000, config), {0, 0.4, 0.25, 0.2, 0, 0}), unlikely);
  config.temperature = 0.5;  // the best has the odds 0.16, the third 0.04
  EXPECT_LT(chi_square(draw(row, 20000, config), {0, 0.16, 0.0625, 0, 0, 0}), unlikely);
}

TEST_F(SamplingTest, LargeVocabulariesAreCutWhereTheShareIsReached) {
  std::vector<double> flat(1000, 0.0);
  DecodingConfig config = sampling();
  config.top_p = 0.5;
  // The suppressed token is left out, so 500 of 999 hold the share: 0 to 500 without 5.
  for (const Candidate& candidate : draw(flat, 3000, config)) {
    ASSERT_LE(candidate.token, 500);
    ASSERT_NE(candidate.token, 5);
  }
}

TEST_F(SamplingTest, LogProbabilitiesAreTheModels) {
  DecodingConfig config = sampling();
  config.temperature = 0.3;
  config.top_k = 2;
  const double total = 1 + std::exp(9.0);
  for (const Candidate& candidate : draw(row, 20, config)) {
    EXPECT_NEAR(candidate.log_probability,
                row[static_cast<std::size_t>(candidate.token)] - std::log(total), 1e-12);
  }
}

TEST_F(SamplingTest, TheSameSeedGivesTheSameHypothesesWhateverTheBatches) {
  const TableModel model(6, random_table(6, 1));
  std::vector<Prefix> sources;
  for (int i = 0; i < 23; ++i) {
    sources.push_back(Prefix(static_cast<std::size_t>(i % 5), 1 + i % 3));
    sources.back().push_back(0);
  }
  DecodingConfig config = sampling();
  config.n_best = 3;
  config.max_length = 20;
  const auto tokens = [&](std::span<const Prefix> which, std::int64_t first) {
    std::vector<Prefix> result;
    for (const auto& hypotheses : translate(model, which, six_tokens, config, {}, first)) {
      EXPECT_EQ(hypotheses.size(), 3u);
      for (const Hypothesis& hypothesis : hypotheses) {
        result.push_back(hypothesis.tokens);
      }
    }
    return result;
  };
  const auto all = tokens(sources, 0);
  config.batch_sentences = 4;
  EXPECT_EQ(tokens(sources, 0), all);
  set_thread_count(3);
  EXPECT_EQ(tokens(sources, 0), all);
  // The last ones alone, told where they stand.
  EXPECT_EQ(tokens(std::span(sources).subspan(20), 20), std::vector(all.begin() + 60, all.end()));
  config.seed = 2;
  EXPECT_NE(tokens(sources, 0), all);
}

TEST_F(SamplingTest, OneSentenceGetsDifferentHypotheses) {
  const TableModel model(6, random_table(6, 1));
  DecodingConfig config = sampling();
  config.n_best = 5;
  const auto hypotheses =
      translate(model, std::vector<Prefix>{{1, 2, 0}}, six_tokens, config).front();
  EXPECT_NE(hypotheses.front().tokens, hypotheses.back().tokens);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_GE(hypotheses[i - 1].score, hypotheses[i].score);
  }
}

}  // namespace
}  // namespace heed
