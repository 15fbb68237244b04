// Gradients of a whole translator against central differences, for every position scheme and every
// kind of attention.
#include <gtest/gtest.h>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/reference/register.h"
#include "heed/models/test_translators.h"

namespace heed {
namespace {

class AttentionGradients : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  static TranslatorConfig one_layer_each() {
    TranslatorConfig config = four_heads();
    config.d_model = 4;
    config.heads = 2;
    config.encoder_layers = config.decoder_layers = 1;
    config.feed_forward_size = 3;
    config.tie_embeddings = "none";
    return config;
  }

  static void expect_gradients(const TranslatorConfig& config) {
    Translator model(config, small_vocabulary, reference_device);
    draw_parameters(model, 7);
    std::vector<Tensor> leaves;
    for (const NamedParameter& item : parameters_of(model)) {
      // The padding row reads its table without giving it a gradient.
      if (!item.name.ends_with("embed_tokens.weight")) {
        leaves.push_back(item.parameter->value);
      }
    }
    const GeneratorExamples examples = two_sentences();
    const GradientCheck check = check_gradients(leaves, [&] {
      ForwardContext context;
      context.training = true;
      return generator_loss(model, examples.prompts, examples.outputs, {.scale = 0.2f}, context)
          .loss;
    });
    EXPECT_LT(check.worst, 1e-7) << check.report;
  }
};

TEST_F(AttentionGradients, OfEveryPositionScheme) {
  for (const PositionScheme& scheme : position_schemes()) {
    if (!scheme.square_window) {
      SCOPED_TRACE(scheme.kind);
      TranslatorConfig config = one_layer_each();
      config.position.kind = scheme.kind;
      config.position.cross = scheme.scores || scheme.queries_and_keys;
      expect_gradients(config);
    }
  }
}

// That of hard choices is no derivative; heed/ops/attention_test.cc holds it to its formula.
TEST_F(AttentionGradients, OfEveryScorerAndNormalizer) {
  for (const char* kind : {"dot", "scaled_dot", "additive", "bilinear", "cosine", "gaussian"}) {
    for (const char* normalizer : {"softmax", "sparsemax"}) {
      SCOPED_TRACE(std::string(kind) + ", " + normalizer);
      TranslatorConfig config = one_layer_each();
      config.attention.kind = kind;
      config.attention.normalizer = normalizer;
      expect_gradients(config);
    }
  }
}

TEST_F(AttentionGradients, OfExtrasTogether) {
  TranslatorConfig config = one_layer_each();
  config.attention.key_heads = 1;
  config.attention.key_size = 4;
  config.attention.value_size = 3;
  config.attention.qk_norm = true;
  config.attention.soft_cap = 2;
  config.attention.sinks = true;
  config.attention.talking_heads = true;
  config.attention.topology = "shifted_block";
  for (const char* kind : {"rotary", "shaw"}) {
    SCOPED_TRACE(kind);
    config.position.kind = kind;
    expect_gradients(config);
  }
}

}  // namespace
}  // namespace heed
