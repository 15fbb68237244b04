#include "heed/generation/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/backends/reference/register.h"
#include "heed/generation/test_table_model.h"

namespace heed {
namespace {

using testing::HasSubstr;

const TextSymbols nine_tokens{.start = 8, .end = 0, .suppressed = {8, 4}};

class GenerateTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  static std::vector<Prefix> sources(int count) {
    std::vector<Prefix> result;
    for (int i = 0; i < count; ++i) {
      result.push_back(Prefix(static_cast<std::size_t>(i * 7 % 11), 1 + i % 6));
      result.back().push_back(0);
    }
    return result;
  }
};

TEST_F(GenerateTest, AnswersInInputOrderWhateverTheBatches) {
  const TableModel model(9, random_table(9, 2));
  const auto inputs = sources(40);
  for (const int beam : {1, 4}) {
    DecodingConfig config;
    config.beam = beam;
    config.n_best = beam;
    config.max_length = 12;
    std::vector<std::vector<Hypothesis>> alone;
    for (const Prefix& input : inputs) {
      alone.push_back(translate(model, std::span(&input, 1), nine_tokens, config).front());
    }
    for (const int batch : {1, 3, 7, 64}) {
      config.batch_sentences = batch;
      const auto together = translate(model, inputs, nine_tokens, config);
      ASSERT_EQ(together.size(), inputs.size());
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        ASSERT_EQ(together[i].size(), alone[i].size());
        for (std::size_t j = 0; j < alone[i].size(); ++j) {
          ASSERT_EQ(together[i][j].tokens, alone[i][j].tokens);
          ASSERT_EQ(together[i][j].score, alone[i][j].score);
        }
      }
    }
  }
}

TEST_F(GenerateTest, GreedyDecodingTakesTheMostProbableTokenUntilTheEnd) {
  const LogitTable table = random_table(9, 2);
  const TableModel model(9, table);
  DecodingConfig config;
  config.beam = 1;
  config.max_length = 30;
  for (const Prefix& source : sources(20)) {
    const Hypothesis found =
        translate(model, std::span(&source, 1), nine_tokens, config).front().front();
    Prefix expected;
    while (expected.size() < 30) {
      auto logits = table(source, expected);
      logits[4] = logits[8] = -1e9;
      const auto next = std::max_element(logits.begin(), logits.end()) - logits.begin();
      if (next == 0) {
        break;
      }
      expected.push_back(static_cast<int>(next));
    }
    expected.resize(
        std::min<std::size_t>(expected.size(), std::min<std::size_t>(30, 3 * source.size() + 10)));
    EXPECT_EQ(found.tokens, expected);
  }
}

TEST_F(GenerateTest, SuppressedTokensNeverAppear) {
  // The suppressed ones are the most probable by far.
  const LogitTable inner = random_table(9, 2);
  const TableModel model(9, [&](const Prefix& source, const Prefix& prefix) {
    auto logits = inner(source, prefix);
    logits[4] += 20;
    logits[8] += 20;
    return logits;
  });
  for (const int mode : {0, 1, 2}) {
    DecodingConfig config;
    config.beam = mode == 0 ? 1 : 6;
    config.n_best = mode == 0 ? 1 : 6;
    config.sample = mode == 2;
    config.max_length = 10;
    for (const auto& hypotheses : translate(model, sources(20), nine_tokens, config)) {
      for (const Hypothesis& hypothesis : hypotheses) {
        for (const int token : hypothesis.tokens) {
          ASSERT_TRUE(token != 4 && token != 8 && token != 0);
        }
        // Their share of the probability stays theirs.
        ASSERT_LT(hypothesis.score, -10);
      }
    }
  }
}

TEST_F(GenerateTest, LengthsAreLimitedThreeWays) {
  const LogitTable endless = [](const Prefix&, const Prefix&) {
    return std::vector<double>{-50, 1, 0, 0, 0, 0, 0, 0, 0};
  };
  const TableModel model(9, endless, 40);
  const auto length = [&](const DecodingConfig& config, std::size_t source_length) {
    Prefix source(source_length, 1);
    source.back() = 0;
    const Hypothesis best =
        translate(model, std::vector<Prefix>{source}, nine_tokens, config).front().front();
    const double log_probability =
        -std::log(1 + 7 * std::exp(-1.0)) * static_cast<double>(best.tokens.size());
    EXPECT_NEAR(best.log_probability, log_probability, 1e-9);
    return best.tokens.size();
  };
  for (const int beam : {1, 3}) {
    DecodingConfig config;
    config.beam = beam;
    config.max_length = 25;
    EXPECT_EQ(length(config, 20), 25u);
    EXPECT_EQ(length(config, 1), 13u);
    config.max_length_ratio = 1.5;
    EXPECT_EQ(length(config, 5), 17u);
    config.max_length_ratio = 0;
    EXPECT_EQ(length(config, 1), 25u);
    config.max_length = 1000;
    EXPECT_EQ(length(config, 20), 40u);
  }
}

TEST_F(GenerateTest, NothingToTranslateGivesNothing) {
  const TableModel model(9, random_table(9, 2));
  EXPECT_TRUE(translate(model, {}, nine_tokens, {}).empty());
}

TEST_F(GenerateTest, FinishedSentencesLeaveTheBatch) {
  // A source of n tokens is answered after n steps.
  const TableModel model(9, [](const Prefix& source, const Prefix& prefix) {
    std::vector<double> logits(9, 0.0);
    logits[prefix.size() + 1 < source.size() ? 1 : 0] = 50;
    return logits;
  });
  DecodingConfig config;
  config.beam = 1;
  const std::vector<Prefix> inputs = {{1, 1, 1, 0}, {0}, {2, 0}};
  const auto found = translate(model, inputs, nine_tokens, config);
  EXPECT_EQ(found[0][0].tokens, (Prefix{1, 1, 1}));
  EXPECT_EQ(found[1][0].tokens, Prefix{});
  EXPECT_EQ(model.row_count, 4u + 1u + 2u);
}

TEST_F(GenerateTest, OutputThatIsNotANumberIsAnError) {
  const double bad_values[] = {std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()};
  for (const double bad : bad_values) {
    const TableModel model(9, [=](const Prefix& source, const Prefix& prefix) {
      std::vector<double> logits(9, 0.0);
      logits[0] = -50;
      logits[7] = source.size() == 3 && prefix.size() == 1 ? bad : 0;
      return logits;
    });
    for (const int mode : {0, 1, 2}) {
      DecodingConfig config;
      config.beam = mode == 0 ? 1 : 3;
      config.sample = mode == 2;
      EXPECT_THAT(message_of([&] {
                    translate(model, std::vector<Prefix>{{1, 0}, {1, 1, 0}}, nine_tokens, config);
                  }),
                  HasSubstr("the model's output for sentence 2 is not a number at token 2"));
    }
  }
}

TEST_F(GenerateTest, RefusesSourcesAndSymbolsThatMakeNoSense) {
  const TableModel model(9, random_table(9, 2), 5);
  const auto translate_with = [&](const Prefix& source, const TextSymbols& wrong) {
    return message_of([&] { translate(model, std::vector<Prefix>{{0}, source}, wrong, {}); });
  };
  EXPECT_THAT(translate_with({}, nine_tokens), HasSubstr("sentence 2 has no tokens"));
  EXPECT_THAT(translate_with({1, 1, 1, 1, 1, 0}, nine_tokens),
              HasSubstr("sentence 2 has 6 tokens"));
  EXPECT_THAT(translate_with({0}, {.start = 9, .end = 0, .suppressed = {}}), HasSubstr("symbol 9"));
  EXPECT_THAT(translate_with({0}, {.start = 8, .end = 0, .suppressed = {0}}),
              HasSubstr("suppressed"));
}

TEST_F(GenerateTest, RefusesConfigurationsThatMakeNoSense) {
  const auto refuses = [](const char* key, auto change) {
    DecodingConfig config;
    change(config);
    EXPECT_THAT(message_of([&] { check_decoding_config(config); }), HasSubstr(key));
  };
  check_decoding_config({});
  refuses("beam: ", [](DecodingConfig& config) { config.beam = 0; });
  refuses("n_best: ", [](DecodingConfig& config) { config.n_best = 0; });
  refuses("raise beam to 6", [](DecodingConfig& config) { config.n_best = 6; });
  refuses("length_penalty", [](DecodingConfig& config) { config.length_penalty = NAN; });
  refuses("lookahead", [](DecodingConfig& config) { config.lookahead = 0; });
  refuses("max_length: ", [](DecodingConfig& config) { config.max_length = 0; });
  refuses("max_length_ratio", [](DecodingConfig& config) { config.max_length_ratio = -1; });
  refuses("temperature", [](DecodingConfig& config) { config.temperature = 0; });
  refuses("top_k", [](DecodingConfig& config) { config.top_k = -1; });
  refuses("top_p", [](DecodingConfig& config) { config.top_p = 0; });
  refuses("batch_sentences", [](DecodingConfig& config) { config.batch_sentences = 0; });
}

}  // namespace
}  // namespace heed
