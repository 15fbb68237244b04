#include "heed/models/translator.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/models/test_translators.h"

namespace heed {
namespace {

TranslatorConfig small_config() {
  TranslatorConfig config;
  config.d_model = 8;
  config.encoder_layers = 2;
  config.decoder_layers = 2;
  config.heads = 2;
  config.feed_forward_size = 12;
  config.dropout = 0.2;
  config.attention_dropout = 0.1;
  config.activation_dropout = 0.1;
  return config;
}

class TranslatorTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }
};

TEST_F(TranslatorTest, CountsTheReferenceSizes) {
  TranslatorConfig config;
  config.tie_embeddings = "none";
  Translator model(config,
                   {.source_size = 5893, .target_size = 7855, .symbols = marian_symbols(1)});
  EXPECT_EQ(count_parameters(model), 55'207'087);
}

TEST_F(TranslatorTest, GradientsOfTheWholeModelAreRight) {
  for (const bool tied : {true, false}) {
    TranslatorConfig config = small_config();
    config.norm = tied ? "post" : "pre";
    config.tie_embeddings = tied ? "all" : "none";
    config.activation = tied ? "gelu" : "swiglu";
    config.position.kind = tied ? "sinusoidal" : "learned";
    config.max_length = 6;
    Translator model(config, {.source_size = 10, .target_size = 10, .symbols = marian_symbols(9)},
                     reference_device);
    initialize_parameters(model, 5);
    std::vector<Tensor> leaves;
    for (const NamedParameter& item : parameters_of(model)) {
      leaves.push_back(item.parameter->value);
    }
    const GeneratorExamples examples = two_sentences();
    const auto loss = [&] {
      ForwardContext context;
      context.training = true;
      context.dropout_key = 11;
      return generator_loss(model, examples.prompts, examples.outputs,
                            {.smoothing = 0.1f, .scale = 0.2f}, context)
          .loss;
    };
    // The padding row reads the table without giving it a gradient, so it is left out: its numeric
    // derivative is not 0.
    const GradientCheck check = [&] {
      std::vector<Tensor> others(leaves.begin() + (tied ? 1 : 2), leaves.end());
      return check_gradients(others, loss);
    }();
    EXPECT_LT(check.worst, 1e-7) << check.report;
  }
}

TEST_F(TranslatorTest, LaterTokensDoNotReachEarlierOnes) {
  Translator model(small_config(),
                   {.source_size = 10, .target_size = 10, .symbols = marian_symbols(9)},
                   reference_device);
  GeneratorExamples examples = two_sentences();
  ForwardContext context;
  const NoGradientScope scope;
  const Tensor memory =
      model.encode(examples.prompts.source.ids, examples.prompts.source.rows, context);
  const auto decode = [&] {
    return model
        .decode(examples.prompts.begun.ids, examples.prompts.begun.rows, memory,
                examples.prompts.source.rows, context)
        .to_doubles();
  };
  const auto before = decode();
  examples.prompts.begun.ids.values<std::int32_t>()[6] =
      7;  // the last token of the second sentence
  const auto after = decode();
  for (std::size_t i = 0; i < 6 * 8; ++i) {
    ASSERT_EQ(before[i], after[i]);
  }
  EXPECT_NE(std::vector(before.begin() + 48, before.end()),
            std::vector(after.begin() + 48, after.end()));
}

TEST_F(TranslatorTest, DecodingStepByStepEqualsTheWhole) {
  Translator model(small_config(),
                   {.source_size = 10, .target_size = 10, .symbols = marian_symbols(9)},
                   reference_device);
  initialize_parameters(model, 3);
  const GeneratorExamples examples = two_sentences();
  const NoGradientScope scope;
  using Ids = std::vector<std::int32_t>;
  const auto session = model.start({});
  session->add({.source = examples.prompts.source, .begun = inputs_of({9, 9}, {0, 1, 2})});
  // Three rows: sentence 0, then sentence 1 twice; later reordered and cut down.
  session->advance(Ids{0, 1, 1}, Ids{2, 4, 5});
  const Tensor logits = session->advance(Ids{1, 0}, Ids{6, 7});

  // The same prefixes at once: sentence 1 with 9 4 6, sentence 0 with 9 2 7.
  ForwardContext context;
  const Sequences source = make_sequences_from_offsets(Ids{0, 5, 8});
  const Sequences target = make_sequences_from_offsets(Ids{0, 3, 6});
  const Tensor memory = model.encode(ids_of({5, 6, 3, 2, 0, 3, 4, 0}), source, context);
  const Tensor whole = logits_of(
      model, model.decode(ids_of({9, 4, 6, 9, 2, 7}), target, memory, source, context), context);
  const auto step = logits.to_doubles();
  const auto expected = whole.to_doubles();
  for (std::size_t column = 0; column < 10; ++column) {
    EXPECT_NEAR(step[column], expected[20 + column], 1e-12);
    EXPECT_NEAR(step[10 + column], expected[50 + column], 1e-12);
  }
}

// The slots of dropped hypotheses are used again: often over so many steps.
TEST_F(TranslatorTest, ManyStepsOfAShiftingBeamEqualTheWhole) {
  Translator model(small_config(),
                   {.source_size = 10, .target_size = 10, .symbols = marian_symbols(9)},
                   reference_device);
  initialize_parameters(model, 3);
  const GeneratorExamples examples = two_sentences();
  const NoGradientScope scope;
  const auto session = model.start({});
  session->add({.source = examples.prompts.source, .begun = inputs_of({9, 9}, {0, 1, 2})});
  const Sequences source = make_sequences_from_offsets(std::vector<std::int32_t>{0, 3});
  ForwardContext context;
  const Tensor memory = model.encode(ids_of({3, 4, 0}), source, context);
  Random random(5);
  constexpr std::int32_t rows = 3;
  std::vector<std::vector<std::int32_t>> prefixes(1, {9});  // of the first sentence
  for (int step = 0; step < 200; ++step) {
    std::vector<std::int32_t> parents, tokens;
    std::vector<std::vector<std::int32_t>> next;
    for (std::int32_t row = 0; row < rows; ++row) {
      parents.push_back(static_cast<std::int32_t>(random.below(prefixes.size())));
      tokens.push_back(static_cast<std::int32_t>(random.below(9)));
      next.push_back(prefixes[static_cast<std::size_t>(parents.back())]);
      next.back().push_back(tokens.back());
    }
    prefixes = next;
    const std::vector<double> logits = session->advance(parents, tokens).to_doubles();
    if (step % 20 != 19) {
      continue;
    }
    const auto length = static_cast<std::int32_t>(prefixes[1].size());
    const Sequences target = make_sequences_from_offsets(std::vector<std::int32_t>{0, length});
    const Tensor whole = logits_of(
        model, model.decode(ids_of(prefixes[1]), target, memory, source, context), context);
    const std::vector<double> expected = whole.rows(length - 1, length).to_doubles();
    for (std::size_t column = 0; column < 10; ++column) {
      EXPECT_NEAR(logits[10 + column], expected[column], 1e-12) << step;
    }
  }
}

TEST_F(TranslatorTest, LogProbabilitiesSumTheTargetsTokens) {
  Translator model(small_config(),
                   {.source_size = 10, .target_size = 10, .symbols = marian_symbols(9)},
                   reference_device);
  ForwardContext context;
  const auto [prompts, outputs] = two_sentences();
  const auto scores = sequence_log_probabilities(model, prompts, outputs, context);
  const double loss = generator_loss(model, prompts, outputs, {}, context).sums.plain_loss;
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_NEAR(scores[0] + scores[1], -loss, 1e-10);
}

TEST_F(TranslatorTest, AttentionTraceLeavesResultsEqualAndSumsToOne) {
  Translator model(small_config(),
                   {.source_size = 10, .target_size = 10, .symbols = marian_symbols(9)},
                   reference_device);
  const GeneratorExamples examples = two_sentences();
  ForwardContext plain, traced;
  AttentionTrace trace;
  traced.trace = &trace;
  EXPECT_EQ(generator_loss(model, examples.prompts, examples.outputs, {}, plain).sums.loss,
            generator_loss(model, examples.prompts, examples.outputs, {}, traced).sums.loss);
  ASSERT_EQ(trace.entries.size(), 6u);
  EXPECT_EQ(trace.entries[3].place.name(), "decoder.0.cross");
  const auto weights = trace.entries[3].weights.to_doubles();
  ASSERT_EQ(weights.size(), 2u * (3 * 3 + 4 * 5));
  EXPECT_NEAR(weights[0] + weights[1] + weights[2], 1.0, 1e-12);
}

TEST_F(TranslatorTest, StoredNamesFollowTheMarianLayout) {
  Translator model(small_config(),
                   {.source_size = 10, .target_size = 10, .symbols = marian_symbols(9)});
  std::map<std::string, Shape> stored;
  for (const NamedTensor& item : stored_tensors_of(model)) {
    stored[item.name] = item.tensor.shape();
  }
  EXPECT_EQ(stored.at("model.shared.weight"), Shape({10, 8}));
  EXPECT_EQ(stored.at("final_logits_bias"), Shape({1, 10}));
  EXPECT_EQ(stored.at("model.encoder.layers.1.self_attn.k_proj.weight"), Shape({8, 8}));
  EXPECT_EQ(stored.at("model.decoder.layers.0.encoder_attn.v_proj.bias"), Shape({8}));
  EXPECT_EQ(stored.at("model.decoder.layers.1.encoder_attn_layer_norm.weight"), Shape({8}));
  EXPECT_EQ(stored.at("model.decoder.layers.1.fc1.weight"), Shape({12, 8}));
  EXPECT_EQ(stored.size(), 2u + 2 * 16 + 2 * 26);
}

TEST_F(TranslatorTest, RefusesSizesThatMakeNoSense) {
  const TranslatorVocabulary vocabulary{
      .source_size = 10, .target_size = 12, .symbols = marian_symbols(9)};
  const auto refuses = [&](auto change) {
    TranslatorConfig config = small_config();
    config.tie_embeddings = "none";
    change(config);
    EXPECT_THROW(Translator(config, vocabulary), Error);
  };
  refuses([](TranslatorConfig& config) { config.heads = 3; });
  refuses([](TranslatorConfig& config) { config.d_model = -8; });
  refuses([](TranslatorConfig& config) { config.encoder_layers = 2147483647; });
  refuses([](TranslatorConfig& config) { config.dropout = 1; });
  refuses([](TranslatorConfig& config) { config.tie_embeddings = "all"; });
  refuses([](TranslatorConfig& config) { config.activation = "rulu"; });
  refuses([](TranslatorConfig& config) { config.position.kind = "sinusoid"; });
}

}  // namespace
}  // namespace heed
