// generate() with a real language model: what runs beside a text does not show in what follows it,
// and scores are those that the model gives to the whole text.
#include <gtest/gtest.h>

#include <map>

#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/generation/generate.h"
#include "heed/generation/generation_loop.h"
#include "heed/models/language_model.h"
#include "heed/nn/generator_loss.h"

namespace heed {
namespace {

const OutputSymbols symbols{.ends = {0, 1}, .suppressed = {2}};

class GenerateText : public testing::TestWithParam<Device> {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  GenerateText() : model_(config(), 20, GetParam()) {
    initialize_parameters(model_, 11);
    for (int i = 0; i < 24; ++i) {
      prompts_.push_back({.source = {}, .begun = {}});
      for (int token = 0; token < 1 + i * 5 % 9; ++token) {
        prompts_.back().begun.push_back(3 + (i + 3 * token) % 17);
      }
    }
  }

  static LanguageModelConfig config() {
    LanguageModelConfig config;
    config.d_model = 16;
    config.layers = 2;
    config.heads = 2;
    config.feed_forward_size = 24;
    config.max_length = 30;
    config.position.kind = "rotary";
    config.attention.topology = "window";
    config.attention.window = 6;
    return config;
  }

  // Greedy, a beam, and draws.
  static DecodingConfig mode(int number) {
    DecodingConfig config;
    config.max_length = 10;
    config.beam = number == 1 ? 4 : 1;
    config.sample = number == 2;
    config.n_best = number == 0 ? 1 : 3;
    return config;
  }

  std::vector<Hypothesis> alone(std::size_t i, const DecodingConfig& config) const {
    return generate(model_, std::span(&prompts_[i], 1), symbols, config, {}, {},
                    static_cast<std::int64_t>(i))
        .front();
  }

  static void expect_equal(const std::vector<Hypothesis>& got,
                           const std::vector<Hypothesis>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t j = 0; j < got.size(); ++j) {
      EXPECT_EQ(got[j].tokens, expected[j].tokens);
      EXPECT_EQ(got[j].score, expected[j].score);
    }
  }

  LanguageModel model_;
  std::vector<Prompt> prompts_;
};

TEST_P(GenerateText, BatchesDoNotShow) {
  for (const int number : {0, 1, 2}) {
    DecodingConfig config = mode(number);
    config.batch_sentences = 7;
    const auto together = generate(model_, prompts_, symbols, config);
    for (std::size_t i = 0; i < prompts_.size(); ++i) {
      expect_equal(together[i], alone(i, config));
    }
  }
}

TEST_P(GenerateText, WhoJoinsLaterGetsTheSame) {
  GenerationLoop loop(model_, symbols, {}, 6);
  std::size_t answers = 0;
  for (std::size_t i = 0; i < prompts_.size(); ++i) {
    const DecodingConfig config = mode(static_cast<int>(i % 3));
    loop.add({.prompt = prompts_[i],
              .index = static_cast<std::int64_t>(i),
              .config = config,
              .on_token = {},
              .on_done = [&, i, config](const std::vector<Hypothesis>& found) {
                ++answers;
                expect_equal(found, alone(i, config));
              }});
    loop.step();
  }
  while (loop.step()) {
  }
  EXPECT_EQ(answers, prompts_.size());
}

TEST_P(GenerateText, ScoresAreThoseOfTheWholeText) {
  const auto found = generate(model_, prompts_, symbols, mode(1));
  int finished = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const Hypothesis& hypothesis : found[i]) {
      double best = -1e9;  // by either end symbol, or none at the greatest length
      for (const int end : {0, 1, -1}) {
        std::vector<std::int32_t> text(prompts_[i].begun.begin(), prompts_[i].begun.end());
        text.insert(text.end(), hypothesis.tokens.begin(), hypothesis.tokens.end());
        if (end >= 0) {
          text.push_back(end);
        }
        const auto length = static_cast<std::int64_t>(text.size()) - 1;
        if ((end >= 0) !=
            (hypothesis.length > static_cast<std::int64_t>(hypothesis.tokens.size()))) {
          continue;
        }
        const Tensor ids = Tensor::from_values<std::int32_t>(
            std::span<const std::int32_t>(text).first(text.size() - 1), {length});
        ForwardContext context;
        const Prompts whole{.source = {},
                            .begun = {.ids = ids,
                                      .rows = make_sequences(std::vector<std::int32_t>{
                                          static_cast<std::int32_t>(length)})}};
        const Tensor logits = logits_of(model_, model_.hidden(whole, context), context);
        const std::vector<double> all = ops::log_softmax(logits).to_doubles();
        double sum = 0;
        for (std::size_t t = prompts_[i].begun.size(); t < text.size(); ++t) {
          sum += all[(t - 1) * 20 + static_cast<std::size_t>(text[t])];
        }
        best =
            std::abs(sum - hypothesis.log_probability) < std::abs(best - hypothesis.log_probability)
                ? sum
                : best;
      }
      EXPECT_NEAR(hypothesis.log_probability, best, 1e-4);
      ++finished;
    }
  }
  EXPECT_GT(finished, 24);
}

INSTANTIATE_TEST_SUITE_P(Devices, GenerateText, testing::Values(cpu_device, reference_device),
                         [](const auto& info) {
                           return info.param == cpu_device ? "cpu" : "reference";
                         });

}  // namespace
}  // namespace heed
