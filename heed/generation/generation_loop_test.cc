#include "heed/generation/generation_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "heed/backends/reference/register.h"
#include "heed/generation/generate.h"
#include "heed/generation/test_table_model.h"

namespace heed {
namespace {

using testing::HasSubstr;

const OutputSymbols two_ends{.ends = {0, 7}, .suppressed = {4}};

class GenerationLoopTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  // Texts of unlike lengths to go on with.
  static std::vector<Prompt> prompts(int count) {
    std::vector<Prompt> result;
    for (int i = 0; i < count; ++i) {
      result.push_back({.source = {}, .begun = {}});
      for (int token = 0; token < 1 + i * 5 % 7; ++token) {
        result.back().begun.push_back(1 + (i + 2 * token) % 8);
      }
    }
    return result;
  }

  static DecodingConfig config_of(int mode) {
    DecodingConfig config;
    config.max_length = 9;
    config.beam = mode == 1 ? 3 : 1;
    config.sample = mode == 2;
    config.n_best = mode == 0 ? 1 : 2;
    return config;
  }

  static void expect_equal(const std::vector<Hypothesis>& got,
                           const std::vector<Hypothesis>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].tokens, expected[i].tokens);
      EXPECT_EQ(got[i].score, expected[i].score);
      EXPECT_EQ(got[i].length, expected[i].length);
    }
  }

  TableModel model_{9, random_table(9, 2)};
};

// Greedy by hand: a token at a time until one of the end two_ends.
TEST_F(GenerationLoopTest, GreedyGoesOnUntilAnyEndSymbol) {
  const LogitTable table = random_table(9, 2);
  const auto found = generate(model_, prompts(20), two_ends, config_of(0));
  std::map<int, int> ends;
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::vector<int> text = prompts(20)[i].begun, tokens;
    for (int step = 0; step < 9; ++step) {
      std::vector<double> logits = table({}, text);
      logits[4] = -1e9;
      const int token =
          static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      if (token == 0 || token == 7) {
        ++ends[token];
        break;
      }
      tokens.push_back(token);
      text.push_back(token);
    }
    EXPECT_EQ(found[i].front().tokens, tokens);
  }
  EXPECT_GT(ends[0], 0);
  EXPECT_GT(ends[7], 0);
}

TEST_F(GenerationLoopTest, BatchesDoNotShow) {
  const auto all = prompts(30);
  for (const int mode : {0, 1, 2}) {
    DecodingConfig config = config_of(mode);
    std::vector<std::vector<Hypothesis>> alone;
    for (std::size_t i = 0; i < all.size(); ++i) {
      alone.push_back(generate(model_, std::span(&all[i], 1), two_ends, config, {}, {},
                               static_cast<std::int64_t>(i))
                          .front());
    }
    for (const int batch : {1, 4, 64}) {
      config.batch_sentences = batch;
      const auto together = generate(model_, all, two_ends, config);
      for (std::size_t i = 0; i < all.size(); ++i) {
        expect_equal(together[i], alone[i]);
      }
    }
  }
}

// Searches of all kinds side by side, each with a configuration of its own, as rows become free.
TEST_F(GenerationLoopTest, PromptsThatWaitJoinAsRowsBecomeFree) {
  const auto all = prompts(40);
  for (const std::int64_t rows : {1, 2, 5, 9, 1000}) {
    const TableModel model(9, random_table(9, 2));
    GenerationLoop loop(model, two_ends, {}, rows);
    std::vector<int> answers(all.size(), 0);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto index = static_cast<std::int64_t>(i);
      DecodingConfig config = config_of(static_cast<int>(i % 3));
      config.seed = 1 + index % 2;
      loop.add(
          {.prompt = all[i],
           .index = index,
           .config = config,
           .on_token = {},
           .on_done = [&, i, index, config](const std::vector<Hypothesis>& found) {
             ++answers[i];
             expect_equal(
                 found,
                 generate(model_, std::span(&all[i], 1), two_ends, config, {}, {}, index).front());
           }});
      if (i % 4 == 3) {
        loop.step();  // the others come while these run
      }
    }
    while (loop.step()) {
    }
    EXPECT_EQ(answers, std::vector<int>(all.size(), 1));
    EXPECT_EQ(loop.waiting() + loop.running(), 0u);
    // A wide search may run alone where it does not fit; rows that are done leave with the next
    // step, when others have joined already.
    EXPECT_LE(model.largest_step, static_cast<std::size_t>(2 * std::max<std::int64_t>(rows, 3)));
  }
}

TEST_F(GenerationLoopTest, TellsOfEachTokenInItsOrder) {
  const auto all = prompts(12);
  for (const int mode : {0, 2}) {
    std::map<std::pair<std::int64_t, int>, std::vector<int>> heard;
    std::map<std::pair<std::int64_t, int>, double> sums;
    const auto found =
        generate(model_, all, two_ends, config_of(mode), {}, [&](const TokenEvent& event) {
          heard[{event.index, event.hypothesis}].push_back(event.token);
          sums[{event.index, event.hypothesis}] += event.log_probability;
          return true;
        });
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::vector<std::vector<int>> told, returned;
      for (int h = 0; h < (mode == 0 ? 1 : 2); ++h) {
        const Hypothesis& hypothesis = found[i][static_cast<std::size_t>(h)];
        told.push_back(heard[{static_cast<std::int64_t>(i), h}]);
        returned.push_back(hypothesis.tokens);
        if (mode == 0 && hypothesis.tokens.size() == 9) {  // no end symbol, which is not told of
          EXPECT_NEAR((sums[{static_cast<std::int64_t>(i), h}]), hypothesis.log_probability, 1e-12);
        }
      }
      EXPECT_THAT(told, testing::UnorderedElementsAreArray(returned));
    }
  }
}

TEST_F(GenerationLoopTest, ACallbackEndsAHypothesis) {
  const auto all = prompts(12);
  const auto whole = generate(model_, all, two_ends, config_of(0));
  const auto cut = generate(model_, all, two_ends, config_of(0), {}, [](const TokenEvent& event) {
    return event.index % 2 == 0 || event.token != 3;
  });
  int shorter = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<int> expected = whole[i].front().tokens;
    const auto three = std::find(expected.begin(), expected.end(), 3);
    if (i % 2 == 1 && three != expected.end()) {
      expected.erase(three + 1, expected.end());
      shorter += expected.size() < whole[i].front().tokens.size() ? 1 : 0;
    }
    EXPECT_EQ(cut[i].front().tokens, expected);
  }
  EXPECT_GT(shorter, 0);
}

TEST_F(GenerationLoopTest, StopsWhereTheModelEnds) {
  const TableModel model(9, random_table(9, 2), 6);
  DecodingConfig config = config_of(0);
  const auto found =
      generate(model, std::vector<Prompt>{{.source = {}, .begun = {1, 2, 3, 5, 6, 8}}},
               {.ends = {7}, .suppressed = {}}, config);
  EXPECT_EQ(found.front().front().length, 1);  // it is not taken in any more
}

TEST_F(GenerationLoopTest, RefusesWhatMakesNoSense) {
  const TableModel model(9, random_table(9, 2), 5);
  const auto refusal = [&](const Prompt& prompt, const OutputSymbols& marks,
                           const DecodingConfig& config, const OnToken& on_token) {
    return message_of([&] { generate(model, std::span(&prompt, 1), marks, config, {}, on_token); });
  };
  const Prompt prompt{.source = {}, .begun = {1}};
  EXPECT_EQ(refusal(prompt, two_ends, {}, {}), "no error");
  EXPECT_THAT(refusal({}, two_ends, {}, {}), HasSubstr("prompt 1 has no tokens"));
  EXPECT_THAT(refusal({.source = {}, .begun = {1, 1, 1, 1, 1, 1}}, two_ends, {}, {}),
              HasSubstr("prompt 1 begins with 6 tokens"));
  EXPECT_THAT(refusal(prompt, {.ends = {}, .suppressed = {}}, {}, {}), HasSubstr("no symbol ends"));
  EXPECT_THAT(refusal(prompt, {.ends = {0, 9}, .suppressed = {}}, {}, {}), HasSubstr("symbol 9"));
  EXPECT_THAT(refusal(prompt, {.ends = {0}, .suppressed = {0}}, {}, {}), HasSubstr("suppressed"));
  EXPECT_THAT(refusal(prompt, two_ends, {.beam = 3}, [](const TokenEvent&) { return true; }),
              HasSubstr("not by a beam of 3"));
}

}  // namespace
}  // namespace heed
