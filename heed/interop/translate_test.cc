// translate() with the real model: what a batch holds besides does not show in a translation, and
// scores are those that the model gives to the whole text.
#include <gtest/gtest.h>

#include <cmath>

#include "heed/backends/reference/register.h"
#include "heed/generation/generate.h"
#include "heed/models/translator.h"
#include "heed/nn/generator_loss.h"

namespace heed {
namespace {

class DecodeTranslator : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  DecodeTranslator() : model_(config(), {20, 20, marian_symbols(19)}, reference_device) {
    initialize_parameters(model_, 11);
    for (int i = 0; i < 16; ++i) {
      sources_.emplace_back();
      for (int token = 0; token < i * 5 % 9; ++token) {
        sources_.back().push_back(2 + (i + 3 * token) % 17);
      }
      sources_.back().push_back(0);
    }
  }

  static TranslatorConfig config() {
    TranslatorConfig config;
    config.d_model = 16;
    config.encoder_layers = 1;
    config.decoder_layers = 2;
    config.heads = 2;
    config.feed_forward_size = 24;
    config.max_length = 24;
    return config;
  }

  Translator model_;
  std::vector<std::vector<int>> sources_;
  TextSymbols symbols_ = marian_symbols(19);
};

TEST_F(DecodeTranslator, BatchesDoNotShow) {
  for (const int mode : {0, 1, 2}) {
    DecodingConfig config;
    config.beam = mode == 0 ? 1 : 4;
    config.n_best = mode == 0 ? 1 : 3;
    config.sample = mode == 2;
    config.batch_sentences = 1;
    const auto alone = translate(model_, sources_, symbols_, config);
    config.batch_sentences = 7;
    const auto together = translate(model_, sources_, symbols_, config);
    ASSERT_EQ(alone.size(), together.size());
    for (std::size_t i = 0; i < alone.size(); ++i) {
      ASSERT_EQ(alone[i].size(), together[i].size());
      for (std::size_t j = 0; j < alone[i].size(); ++j) {
        EXPECT_EQ(alone[i][j].tokens, together[i][j].tokens) << "sentence " << i;
        EXPECT_EQ(alone[i][j].score, together[i][j].score) << "sentence " << i;
      }
    }
  }
}

TEST_F(DecodeTranslator, ScoresAreThoseOfTheWholeText) {
  DecodingConfig config;
  config.beam = 4;
  config.n_best = 4;
  config.max_length = 8;
  config.length_penalty = -0.5;
  const auto found = translate(model_, sources_, symbols_, config);
  int finished = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const Hypothesis& hypothesis : found[i]) {
      if (hypothesis.tokens.size() == 8) {
        continue;  // has no end symbol
      }
      std::vector<std::int32_t> source(sources_[i].begin(), sources_[i].end());
      std::vector<std::int32_t> inputs = {19}, outputs;
      for (const int token : hypothesis.tokens) {
        inputs.push_back(token);
        outputs.push_back(token);
      }
      outputs.push_back(0);
      const auto ids = [](std::span<const std::int32_t> values) {
        return Tensor::from_values<std::int32_t>(values,
                                                 {static_cast<std::int64_t>(values.size())});
      };
      const auto length = [](const auto& tokens) {
        return std::vector{static_cast<std::int32_t>(tokens.size())};
      };
      ForwardContext context;
      const Prompts prompts{.source = {.ids = ids(source), .rows = make_sequences(length(source))},
                            .begun = {.ids = ids(inputs), .rows = make_sequences(length(inputs))}};
      const double expected = sequence_log_probabilities(model_, prompts, ids(outputs), context)[0];
      EXPECT_NEAR(hypothesis.log_probability, expected, 1e-9);
      EXPECT_NEAR(hypothesis.score, expected * std::sqrt(static_cast<double>(outputs.size())),
                  1e-9);
      ++finished;
    }
  }
  EXPECT_GT(finished, 10);
}

}  // namespace
}  // namespace heed
