#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "heed/backends/reference/register.h"
#include "heed/generation/generate.h"
#include "heed/generation/test_table_model.h"

namespace heed {
namespace {

constexpr int vocabulary = 4;  // 0 ends, 3 starts and is suppressed
const TextSymbols symbols{.start = 3, .end = 0, .suppressed = {3}};

std::vector<double> log_softmax(const std::vector<double>& logits) {
  double total = 0;
  for (const double logit : logits) {
    total += std::exp(logit);
  }
  std::vector<double> result;
  for (const double logit : logits) {
    result.push_back(logit - std::log(total));
  }
  return result;
}

// Every hypothesis of at most max_length tokens, best first.
void enumerate(const LogitTable& table, const Prefix& source, const DecodingConfig& config,
               const Prefix& prefix, double log_probability, std::vector<Hypothesis>& all) {
  const auto next = log_softmax(table(source, prefix));
  const auto length = static_cast<int>(prefix.size()) + 1;
  const double divisor = std::pow(length, config.length_penalty);
  for (int token = 0; token < vocabulary - 1; ++token) {
    const double total = log_probability + next[static_cast<std::size_t>(token)];
    Prefix extended = prefix;
    if (token != symbols.end) {
      extended.push_back(token);
    }
    if (token == symbols.end || length == config.max_length) {
      all.push_back({extended, total, total / divisor, length});
    } else {
      enumerate(table, source, config, extended, total, all);
    }
  }
}

std::vector<Hypothesis> enumerate(const LogitTable& table, const Prefix& source,
                                  const DecodingConfig& config) {
  std::vector<Hypothesis> all;
  enumerate(table, source, config, {}, 0, all);
  std::sort(all.begin(), all.end(),
            [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  return all;
}

class BeamSearchTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  static std::vector<Hypothesis> search(const LogitTable& table, const Prefix& source,
                                        const DecodingConfig& config) {
    const TableModel model(vocabulary, table);
    return translate(model, std::vector<Prefix>{source}, symbols, config).front();
  }
};

TEST_F(BeamSearchTest, WideBeamsEqualEnumeration) {
  for (const double penalty : {-0.7, 0.0, 0.6, 1.0, 2.0}) {
    for (int seed = 0; seed < 20; ++seed) {
      const LogitTable table = random_table(vocabulary, 1.5, static_cast<std::uint64_t>(seed));
      DecodingConfig config;
      config.beam = 200;  // more than there are: 3^5 leaves, 2^4 live ones
      config.n_best = 10;
      config.length_penalty = penalty;
      config.max_length = 5;
      config.lookahead = 5;
      const auto expected = enumerate(table, {1, 0}, config);
      const auto found = search(table, {1, 0}, config);
      ASSERT_EQ(found.size(), 10u);
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].tokens, expected[i].tokens) << "seed " << seed << ", place " << i;
        EXPECT_EQ(found[i].length, expected[i].length);
        EXPECT_NEAR(found[i].score, expected[i].score, 1e-12);
        EXPECT_NEAR(found[i].log_probability, expected[i].log_probability, 1e-12);
      }
    }
  }
}

TEST_F(BeamSearchTest, ReturnsWhatThereIsWhenLessThanAskedFor) {
  DecodingConfig config;
  config.beam = 50;
  config.n_best = 50;
  config.max_length = 2;
  const LogitTable table = random_table(vocabulary, 1);
  // end; 1 or 2 followed by end, 1 or 2.
  EXPECT_EQ(search(table, {0}, config).size(), 7u);
}

// The most probable first token leads into a dead end of even odds, the second one does not.
std::vector<double> garden_path(const Prefix&, const Prefix& prefix) {
  if (prefix.empty()) {
    return {-20, std::log(0.6), std::log(0.4), -20};
  }
  if (prefix.size() == 1) {
    return prefix[0] == 1 ? std::vector<double>{0, 0, 0, -20} : std::vector<double>{10, 0, 0, -20};
  }
  return {10, 0, 0, -20};
}

TEST_F(BeamSearchTest, FindsWhatGreedyDecodingMisses) {
  DecodingConfig config;
  config.length_penalty = 0;
  config.beam = 1;
  const auto greedy = search(garden_path, {0}, config).front();
  config.beam = 2;
  const auto best = search(garden_path, {0}, config).front();
  EXPECT_EQ(greedy.tokens.front(), 1);
  EXPECT_EQ(best.tokens, Prefix{2});
  EXPECT_GT(best.log_probability, greedy.log_probability + 0.5);
  EXPECT_NEAR(best.log_probability, std::log(0.4), 1e-3);
}

TEST_F(BeamSearchTest, LengthPenaltyPrefersLongerOnes) {
  // Every token costs log 2 until five of them stand there.
  const LogitTable table = [](const Prefix&, const Prefix& prefix) {
    return prefix.size() < 5 ? std::vector<double>{0, 0, -30, -30}
                             : std::vector<double>{30, 0, 0, 0};
  };
  DecodingConfig config;
  config.beam = 3;
  config.length_penalty = 0;
  EXPECT_EQ(search(table, {0}, config).front().tokens.size(), 0u);
  config.length_penalty = 1.5;
  EXPECT_EQ(search(table, {0}, config).front().tokens.size(), 5u);
  config.length_penalty = -1;
  EXPECT_EQ(search(table, {0}, config).front().tokens.size(), 0u);
}

// The end is found at once; what lives on cannot come near it, and is not looked at further.
TEST_F(BeamSearchTest, StopsWhenNothingBetterCanCome) {
  const TableModel model(vocabulary, [](const Prefix&, const Prefix& prefix) {
    return prefix.empty() ? std::vector<double>{5, 0, 0, 0} : std::vector<double>{0, 0, 0, 0};
  });
  DecodingConfig config;
  config.beam = 4;
  config.max_length = 100;
  config.length_penalty = 0;
  translate(model, std::vector<Prefix>{{0}}, symbols, config);
  EXPECT_EQ(model.row_count, 1u);
}

// Ending at once scores -0.5; eight certain tokens after an unlikely one score -2 / 9.
TEST_F(BeamSearchTest, LooksAheadAsFarAsAsked) {
  const LogitTable table = [](const Prefix&, const Prefix& prefix) {
    if (prefix.empty()) {
      return std::vector<double>{-0.5, -2, -100, std::log(1 - std::exp(-0.5) - std::exp(-2))};
    }
    return prefix.size() < 8 ? std::vector<double>{-100, 100, -100, -100}
                             : std::vector<double>{100, -100, -100, -100};
  };
  DecodingConfig config;
  config.beam = 2;
  config.max_length = 20;
  config.lookahead = 2;  // -2 / 3 < -0.5
  EXPECT_EQ(search(table, {0}, config).front().tokens.size(), 0u);
  config.lookahead = 4;  // -2 / 5 > -0.5
  const Hypothesis best = search(table, {0}, config).front();
  EXPECT_EQ(best.tokens.size(), 8u);
  EXPECT_NEAR(best.score, -2.0 / 9, 1e-9);
}

TEST_F(BeamSearchTest, KeepsNoMoreRowsThanTheBeam) {
  const TableModel model(vocabulary, random_table(vocabulary, 1));
  DecodingConfig config;
  config.beam = 3;
  config.max_length = 8;
  const int threads = thread_count();
  set_thread_count(1);  // all sentences in one batch
  translate(model, std::vector<Prefix>(5, Prefix{1, 2, 0}), symbols, config);
  set_thread_count(threads);
  EXPECT_EQ(model.largest_step, 15u);
}

}  // namespace
}  // namespace heed
