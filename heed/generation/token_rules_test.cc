#include "heed/generation/token_rules.h"

#include <gmock/gmock.h>

#include <set>

#include "heed/backends/reference/register.h"
#include "heed/generation/generate.h"
#include "heed/generation/test_table_model.h"

namespace heed {
namespace {

using testing::ElementsAre;

TEST(TokenRules, WhatWouldCompleteARunIsBanned) {
  DecodingConfig config;
  const std::vector<int> tokens = {4, 5, 6, 4, 5, 7, 4, 5};
  config.no_repeat_ngram = 3;
  EXPECT_THAT(token_rules(config, tokens).banned, ElementsAre(6, 7));
  config.no_repeat_ngram = 1;
  EXPECT_THAT(token_rules(config, tokens).banned, ElementsAre(4, 5, 6, 7));
  config.no_repeat_ngram = 9;
  EXPECT_TRUE(token_rules(config, tokens).empty());
}

TEST(TokenRules, WhatStandsThereIsPenalized) {
  DecodingConfig config;
  config.repetition_penalty = 2;
  const TokenRules rules = token_rules(config, std::vector<int>{9, 3, 9});
  EXPECT_THAT(rules.repeated, ElementsAre(3, 9));
  EXPECT_EQ(penalized(3, rules.penalty), 1.5);
  EXPECT_EQ(penalized(-3, rules.penalty), -6);
  EXPECT_FALSE(has_token_rules({}));
}

// Whatever the search, and whatever runs beside it.
TEST(TokenRules, NoRunIsWrittenTwice) {
  register_reference_backend();
  const TableModel model(9, random_table(9, 2.0));
  std::vector<Prompt> prompts;
  for (int i = 0; i < 12; ++i) {
    prompts.push_back({.source = {}, .begun = {1 + i % 8, 1 + (i + 3) % 8, 1 + i % 8}});
  }
  for (const int mode : {0, 1, 2}) {
    DecodingConfig config;
    config.max_length = 25;
    config.no_repeat_ngram = 2;
    config.repetition_penalty = 1.1;
    config.beam = mode == 1 ? 3 : 1;
    config.sample = mode == 2;
    const auto found = generate(model, prompts, {.ends = {0}, .suppressed = {}}, config);
    std::size_t written = 0;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      std::vector<int> tokens = prompts[i].begun;
      tokens.insert(tokens.end(), found[i][0].tokens.begin(), found[i][0].tokens.end());
      written += found[i][0].tokens.size();
      std::set<std::pair<int, int>> pairs;
      for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
        EXPECT_TRUE(pairs.insert({tokens[t], tokens[t + 1]}).second) << "mode " << mode;
      }
      const auto alone = generate(model, std::span(&prompts[i], 1), {.ends = {0}, .suppressed = {}},
                                  config, {}, {}, static_cast<std::int64_t>(i));
      EXPECT_EQ(alone[0][0].tokens, found[i][0].tokens) << "mode " << mode;
    }
    EXPECT_GT(written, 24u);
  }
}

}  // namespace
}  // namespace heed
