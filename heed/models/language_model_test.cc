#include "heed/models/language_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/models/test_language_models.h"
#include "heed/tensor/test_close.h"

namespace heed {
namespace {

using Ids = std::vector<std::int32_t>;
using testing::HasSubstr;

// Schemes that lines of any length can have.
std::vector<std::string> schemes() {
  std::vector<std::string> kinds;
  for (const PositionScheme& scheme : position_schemes()) {
    if (!scheme.square_window) {
      kinds.push_back(scheme.kind);
    }
  }
  return kinds;
}

class LanguageModelTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
};

TEST_F(LanguageModelTest, CountsItsParameters) {
  LanguageModelConfig config = two_layers();  // d 8, feed-forward 6, two layers
  const std::int64_t attention = 4 * (8 * 8 + 8), feed_forward = 2 * 8 * 6 + 6 + 8, norm = 2 * 8;
  const std::int64_t layers = 2 * (attention + feed_forward + 2 * norm);
  const std::int64_t embedding = vocabulary * 8, bias = vocabulary;
  LanguageModel tied(config, vocabulary);
  EXPECT_EQ(count_parameters(tied), embedding + layers + bias);
  config.tie_embeddings = "none";
  config.norm = "pre";
  LanguageModel untied(config, vocabulary);
  EXPECT_EQ(count_parameters(untied), 2 * embedding + layers + norm + bias);
}

TEST_F(LanguageModelTest, GradientsOfTheWholeModelAreRight) {
  for (const std::string& kind : schemes()) {
    for (const bool tied : {true, false}) {
      SCOPED_TRACE(kind + (tied ? ", tied" : ""));
      LanguageModelConfig config = two_layers();
      config.layers = 1;
      config.norm = tied ? "post" : "pre";
      config.tie_embeddings = tied ? "output" : "none";
      config.activation = tied ? "gelu" : "swiglu";
      config.dropout = config.attention_dropout = config.activation_dropout = 0.2;
      config.position.kind = kind;
      LanguageModel model(config, vocabulary, reference_device);
      draw_parameters(model, 5);
      std::vector<Tensor> leaves;
      for (const NamedParameter& item : parameters_of(model)) {
        leaves.push_back(item.parameter->value);
      }
      const GeneratorExamples examples = two_pieces();  // outlive the backward passes
      const GradientCheck check = check_gradients(leaves, [&] {
        ForwardContext context;
        context.training = true;
        context.dropout_key = 11;
        return generator_loss(model, examples.prompts, examples.outputs,
                              {.smoothing = 0.1f, .scale = 0.2f}, context)
            .loss;
      });
      EXPECT_LT(check.worst, 1e-7) << check.report;
    }
  }
}

TEST_F(LanguageModelTest, LaterTokensDoNotReachEarlierOnes) {
  for (const std::string& kind : schemes()) {
    SCOPED_TRACE(kind);
    LanguageModelConfig config = two_layers();
    config.position.kind = kind;
    LanguageModel model(config, vocabulary, reference_device);
    draw_parameters(model, 4);
    GeneratorExamples examples = two_pieces();
    const auto before = whole_logits(model, examples);
    examples.prompts.begun.ids.values<std::int32_t>()[5] =
        8;  // the third token of the second piece
    const auto after = whole_logits(model, examples);
    for (std::size_t i = 0; i < 5 * vocabulary; ++i) {
      ASSERT_EQ(before[i], after[i]);
    }
    for (const std::size_t row : {5, 6}) {  // itself, and the token after it
      const auto begin = static_cast<std::ptrdiff_t>(row * vocabulary);
      EXPECT_NE(std::vector(before.begin() + begin, before.begin() + begin + vocabulary),
                std::vector(after.begin() + begin, after.begin() + begin + vocabulary));
    }
  }
}

TEST_F(LanguageModelTest, DecodingStepByStepEqualsTheWhole) {
  for (const std::string& kind : schemes()) {
    for (const char* norm : {"pre", "post"}) {
      SCOPED_TRACE(kind + ", " + norm);
      LanguageModelConfig config = two_layers();
      config.position.kind = kind;
      config.norm = norm;
      LanguageModel model(config, vocabulary, reference_device);
      draw_parameters(model, 6);
      const std::vector<double> whole = whole_logits(model, two_pieces());
      for (const Ids& begun : {Ids{1, 1}, {1, 3}, {3, 4}}) {
        expect_close(session_logits(model, two_pieces(), begun),
                     logits_from(whole, two_pieces().prompts.begun.rows, begun), 1e-9);
      }
    }
  }
}

TEST_F(LanguageModelTest, HypothesesAreRepeatedAndPermuted) {
  LanguageModel model(two_layers(), vocabulary, reference_device);
  draw_parameters(model, 3);
  const auto session = model.start({});
  session->add({.source = {}, .begun = inputs_of({9, 8, 7}, {0, 1, 2, 3})});
  session->advance(Ids{2, 0, 1}, Ids{2, 4, 5});
  const auto step = session->advance(Ids{1, 0}, Ids{6, 3}).to_doubles();
  GeneratorExamples whole = two_pieces();
  whole.prompts.begun = inputs_of({9, 4, 6, 7, 2, 3}, {0, 3, 6});
  const auto expected = whole_logits(model, whole);
  for (std::size_t column = 0; column < vocabulary; ++column) {
    EXPECT_NEAR(step[column], expected[2 * vocabulary + column], 1e-12);
    EXPECT_NEAR(step[vocabulary + column], expected[5 * vocabulary + column], 1e-12);
  }
}

TEST_F(LanguageModelTest, LogProbabilitiesSumTheTokens) {
  LanguageModel model(two_layers(), vocabulary, reference_device);
  draw_parameters(model, 2);
  ForwardContext context;
  const auto [prompts, targets] = two_pieces();
  const auto scores = sequence_log_probabilities(model, prompts, targets, context);
  const auto logits = whole_logits(model, two_pieces());
  const auto outputs = targets.values<std::int32_t>();
  std::vector<double> expected(2, 0.0);
  for (std::size_t row = 0; row < 7; ++row) {
    double sum = 0;
    for (std::size_t column = 0; column < vocabulary; ++column) {
      sum += std::exp(logits[row * vocabulary + column]);
    }
    expected[row < 3 ? 0 : 1] +=
        logits[row * vocabulary + static_cast<std::size_t>(outputs[row])] - std::log(sum);
  }
  expect_close(scores, expected, 1e-10);
  EXPECT_NEAR(scores[0] + scores[1],
              -generator_loss(model, prompts, targets, {}, context).sums.plain_loss, 1e-10);
}

TEST_F(LanguageModelTest, TheCpuAgrees) {
  for (const std::string& kind : schemes()) {
    SCOPED_TRACE(kind);
    LanguageModelConfig config = two_layers();
    config.position.kind = kind;
    LanguageModel exact(config, vocabulary, reference_device), model(config, vocabulary);
    draw_parameters(exact, 5);
    const auto from = parameters_of(exact), to = parameters_of(model);
    for (std::size_t i = 0; i < from.size(); ++i) {
      to[i].parameter->value.copy_from(from[i].parameter->value.to(cpu_device));
      to[i].parameter->value.renew_stamp();
    }
    expect_close(whole_logits(model, two_pieces()), whole_logits(exact, two_pieces()), 1e-4);
    const std::vector<double> whole = whole_logits(model, two_pieces());
    for (const Ids& begun : {Ids{1, 1}, {2, 3}}) {
      expect_close(session_logits(model, two_pieces(), begun),
                   logits_from(whole, two_pieces().prompts.begun.rows, begun), 1e-5);
    }
  }
}

TEST_F(LanguageModelTest, APrefixIsSeenFromEverywhere) {
  LanguageModelConfig config = two_layers();
  config.attention.topology = "prefix";
  LanguageModel model(config, vocabulary, reference_device);
  draw_parameters(model, 4);
  GeneratorExamples examples = two_pieces();
  examples.prompts.begun.rows.prefixes = {2, 0};
  // A session sees the prefix like this, if it is begun whole.
  expect_close(session_logits(model, examples, {2, 1}),
               logits_from(whole_logits(model, examples), examples.prompts.begun.rows, {2, 1}),
               1e-9);
  const auto before = whole_logits(model, examples);
  examples.prompts.begun.ids.values<std::int32_t>()[1] = 8;
  const auto after = whole_logits(model, examples);
  EXPECT_NE(std::vector(before.begin(), before.begin() + vocabulary),
            std::vector(after.begin(), after.begin() + vocabulary));
}

TEST_F(LanguageModelTest, NamesItsAttentionsAndTensors) {
  LanguageModel model(two_layers(), vocabulary, reference_device);
  AttentionTrace trace;
  ForwardContext context;
  context.trace = &trace;
  model.hidden(two_pieces().prompts, context);
  const std::vector<AttentionPlace> places = attentions_of(two_layers());
  ASSERT_EQ(trace.entries.size(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    EXPECT_EQ(trace.entries[i].place.name(), places[i].name());
  }
  std::map<std::string, Shape> stored;
  for (const NamedTensor& item : stored_tensors_of(model)) {
    stored[item.name] = item.tensor.shape();
  }
  EXPECT_EQ(stored.at("model.decoder.embed_tokens.weight"), Shape({10, 8}));
  EXPECT_EQ(stored.at("model.decoder.layers.1.self_attn.k_proj.weight"), Shape({8, 8}));
  EXPECT_EQ(stored.at("lm_head.bias"), Shape({10}));
  EXPECT_EQ(stored.size(), 2u + 2 * 16);
}

TEST_F(LanguageModelTest, RefusesWhatItCannotBe) {
  const auto refusal = [](auto change) {
    LanguageModelConfig config = two_layers();
    change(config);
    try {
      LanguageModel(config, vocabulary, reference_device);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal([](LanguageModelConfig& c) { c.layers = 0; }), HasSubstr("model.layers"));
  EXPECT_THAT(refusal([](LanguageModelConfig& c) { c.heads = 3; }), HasSubstr("model.d_model"));
  EXPECT_THAT(refusal([](LanguageModelConfig& c) {
                c.position.kind = "rotary";
                c.position.cross = true;
              }),
              HasSubstr("no cross-attention"));
  EXPECT_THAT(refusal([](LanguageModelConfig& c) { c.pruned_heads["decoder.0.cross"] = {1}; }),
              HasSubstr("no such attention"));
  EXPECT_EQ(refusal([](LanguageModelConfig& c) { c.pruned_heads["decoder.0.self"] = {1}; }),
            "none");
  // A piece longer than max_length, which is 8.
  LanguageModel model(two_layers(), vocabulary, reference_device);
  Prompts prompts = two_pieces().prompts;
  prompts.begun = inputs_of(Ids(9, 1), {0, 9});
  ForwardContext context;
  EXPECT_THROW(model.hidden(prompts, context), Error);
}

}  // namespace
}  // namespace heed
