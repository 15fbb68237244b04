// The choices of the output layer in whole models: bias, scale and soft cap of the logits.
#include <gmock/gmock.h>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/models/head_pruning.h"
#include "heed/models/test_language_models.h"
#include "heed/tensor/test_close.h"

namespace heed {
namespace {

using testing::HasSubstr;

void make_bare(OutputConfig& config) {
  config.output_bias = false;
  config.logit_scale = 1.5;
  config.logit_soft_cap = 2;
}

LanguageModelConfig bare_language_model(const char* tied) {
  LanguageModelConfig config = two_layers();
  make_bare(config);
  config.tie_embeddings = tied;
  return config;
}

TranslatorConfig bare_translator(const char* tied) {
  TranslatorConfig config = four_heads();
  make_bare(config);
  config.tie_embeddings = tied;
  return config;
}

// Of all parameters but tables with a row for padding, which is read without getting a gradient.
GradientCheck check_of(Generator& model, const GeneratorExamples& examples) {
  std::vector<Tensor> leaves;
  for (const NamedParameter& item : parameters_of(model)) {
    if (item.parameter->zero_row < 0) {
      leaves.push_back(item.parameter->value);
    }
  }
  return check_gradients(leaves, [&] {
    ForwardContext context{.training = true, .dropout_key = 11};
    return generator_loss(model, examples.prompts, examples.outputs,
                          {.smoothing = 0.1f, .scale = 0.2f}, context)
        .loss;
  });
}

bool has_output_bias(Module& model) {
  for (const NamedTensor& item : stored_tensors_of(model)) {
    if (item.name == "lm_head.bias" || item.name == "final_logits_bias") {
      return true;
    }
  }
  return false;
}

class OutputLayer : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
};

TEST_P(OutputLayer, WithoutBiasHasThatManyParametersFewer) {
  LanguageModelConfig config = bare_language_model(GetParam());
  LanguageModel bare(config, vocabulary);
  config.output_bias = true;
  LanguageModel usual(config, vocabulary);
  EXPECT_EQ(count_parameters(usual) - count_parameters(bare), vocabulary);
  EXPECT_TRUE(has_output_bias(usual));
  EXPECT_FALSE(has_output_bias(bare));
  EXPECT_FALSE(bare.projection().bias.defined());

  TranslatorConfig pairs = bare_translator(GetParam());
  Translator bare_pairs(pairs, small_vocabulary);
  pairs.output_bias = true;
  Translator usual_pairs(pairs, small_vocabulary);
  EXPECT_EQ(count_parameters(usual_pairs) - count_parameters(bare_pairs),
            small_vocabulary.target_size);
  EXPECT_TRUE(has_output_bias(usual_pairs));
  EXPECT_FALSE(has_output_bias(bare_pairs));
}

TEST_P(OutputLayer, WithoutBiasIsOneWhoseBiasIsZero) {
  LanguageModelConfig config = bare_language_model(GetParam());
  const LanguageModel bare(config, vocabulary);
  config.output_bias = true;
  const LanguageModel usual(config, vocabulary);  // the bias begins as zeros, the rest alike
  EXPECT_EQ(whole_logits(bare, two_pieces()), whole_logits(usual, two_pieces()));
}

TEST_P(OutputLayer, GradientsAreRight) {
  LanguageModel writer(bare_language_model(GetParam()), vocabulary, reference_device);
  draw_parameters(writer, 5);
  const GeneratorExamples pieces = two_pieces();  // outlive the backward passes
  const GradientCheck of_writer = check_of(writer, pieces);
  EXPECT_LT(of_writer.worst, 1e-7) << of_writer.report;
  Translator translator(bare_translator(GetParam()), small_vocabulary, reference_device);
  draw_parameters(translator, 5);
  const GeneratorExamples sentences = two_sentences();
  const GradientCheck of_translator = check_of(translator, sentences);
  EXPECT_LT(of_translator.worst, 1e-7) << of_translator.report;
}

TEST_P(OutputLayer, DecodesStepByStepAsAtOnce) {
  for (const Device device : {reference_device, cpu_device}) {
    const double tolerance = device == cpu_device ? 1e-5 : 1e-9;
    LanguageModel writer(bare_language_model(GetParam()), vocabulary, device);
    draw_parameters(writer, 6);
    expect_close(stepwise_logits(writer, two_pieces()), whole_logits(writer, two_pieces()),
                 tolerance);
    Translator translator(bare_translator(GetParam()), small_vocabulary, device);
    draw_parameters(translator, 6);
    expect_close(stepwise_logits(translator, two_sentences()),
                 whole_logits(translator, two_sentences()), tolerance);
  }
}

TEST_P(OutputLayer, StaysAsItIsWhenHeadsArePruned) {
  Translator translator(bare_translator(GetParam()), small_vocabulary);
  draw_parameters(translator, 7);
  const HeadSet heads = {{"encoder.0.self", {1, 3}}, {"decoder.1.cross", {0}}};
  const HeadSet off = heads_off(translator.config(), heads);
  const auto smaller = prune_heads(translator, heads);
  EXPECT_FALSE(smaller->config().output_bias);
  EXPECT_FALSE(has_output_bias(*smaller));
  const GeneratorExamples sentences = two_sentences();
  const NoGradientScope no_gradients;
  ForwardContext context{.heads_off = &off};
  expect_close(
      whole_logits(*smaller, sentences),
      logits_of(translator, translator.hidden(sentences.prompts, context), context).to_doubles(),
      1e-5);
}

INSTANTIATE_TEST_SUITE_P(Tied, OutputLayer, testing::Values("none", "output"),
                         [](const auto& info) { return std::string(info.param); });

TEST(OutputConfigTest, WhatMakesNoSenseIsRefused) {
  const auto refusal = [](auto change) {
    TranslatorConfig config = four_heads();
    change(config);
    try {
      check_translator_config(config);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal([](OutputConfig& c) { c.logit_scale = 0; }),
              HasSubstr("model.logit_scale: must be positive, got 0"));
  EXPECT_THAT(refusal([](OutputConfig& c) { c.logit_soft_cap = -1; }),
              HasSubstr("model.logit_soft_cap: must be positive"));
  EXPECT_EQ(refusal([](OutputConfig& c) { c.output_bias = false; }), "none");
}

}  // namespace
}  // namespace heed
