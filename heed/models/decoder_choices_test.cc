// What only some decoders have: value embeddings, skips, maps that begin as zeros; and all choices
// of fast small decoders at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/models/test_language_models.h"
#include "heed/tensor/test_close.h"

namespace heed {
namespace {

using testing::HasSubstr;

class DecoderChoices : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  // The changes to a plain decoder that the speed runs of small GPTs are made of.
  static LanguageModelConfig all_at_once() {
    LanguageModelConfig config = two_layers();
    config.layers = 5;
    config.norm = "pre";
    config.norm_kind = "rms";
    config.activation = "relu_squared";
    config.feed_forward_bias = false;
    config.tie_embeddings = "none";
    config.output_bias = false;
    config.logit_soft_cap = 5;
    config.position.kind = "rotary";
    config.attention.key_heads = 2;
    config.attention.qk_norm = true;
    config.attention.soft_cap = 4;
    config.attention.topology = "window";
    config.attention.windows = {1, 0};
    config.attention.biases = "none";
    config.value_embeddings = 2;
    config.skips = true;
    return config;
  }
};

TEST_F(DecoderChoices, GradientsAreRight) {
  LanguageModelConfig config = all_at_once();
  config.dropout = config.attention_dropout = 0.2;
  LanguageModel model(config, vocabulary, reference_device);
  draw_parameters(model, 5);
  std::vector<Tensor> leaves;
  for (const NamedParameter& item : parameters_of(model)) {
    leaves.push_back(item.parameter->value);
  }
  const GeneratorExamples examples = two_pieces();
  const GradientCheck check = check_gradients(leaves, [&] {
    ForwardContext context;
    context.training = true;
    context.dropout_key = 11;
    return generator_loss(model, examples.prompts, examples.outputs,
                          {.smoothing = 0.1f, .scale = 0.2f}, context)
        .loss;
  });
  EXPECT_LT(check.worst, 1e-6) << check.report;  // differences are less exact five layers deep
}

TEST_F(DecoderChoices, StepByStepEqualsTheWhole) {
  for (const bool rotary : {true, false}) {
    LanguageModelConfig config = all_at_once();
    if (!rotary) {  // keys are cached as they are projected
      config.position.kind = "learned";
      config.attention.qk_norm = false;
    }
    LanguageModel model(config, vocabulary, reference_device);
    draw_parameters(model, 6);
    const std::vector<double> whole = whole_logits(model, two_pieces());
    for (const auto& begun : {std::vector<std::int32_t>{1, 1}, {1, 3}, {3, 4}}) {
      expect_close(session_logits(model, two_pieces(), begun),
                   logits_from(whole, two_pieces().prompts.begun.rows, begun), 1e-9);
    }
  }
}

TEST_F(DecoderChoices, TheCpuAgrees) {
  LanguageModel exact(all_at_once(), vocabulary, reference_device);
  LanguageModel model(all_at_once(), vocabulary);
  draw_parameters(exact, 5);
  const auto from = parameters_of(exact), to = parameters_of(model);
  ASSERT_EQ(from.size(), to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i].parameter->value.copy_from(from[i].parameter->value.to(cpu_device));
    to[i].parameter->value.renew_stamp();
  }
  expect_close(whole_logits(model, two_pieces()), whole_logits(exact, two_pieces()), 1e-4);
}

// Products and kept activations in bfloat16.
TEST_F(DecoderChoices, LearnsAlikeInHalfTheWidth) {
  LanguageModel model(all_at_once(), vocabulary);
  draw_parameters(model, 5);
  require_gradients(model);
  const GeneratorExamples examples = two_pieces();
  const auto gradients = [&](MatmulPrecision precision) {
    ForwardContext context;
    context.training = true;
    context.precision = precision;
    const auto result = generator_loss(model, examples.prompts, examples.outputs,
                                       {.scale = 1, .precision = precision}, context);
    backward(result.loss);
    std::vector<double> all;
    for (const NamedParameter& item : parameters_of(model)) {
      const auto values = gradient_of(item.parameter->value).to_doubles();
      all.insert(all.end(), values.begin(), values.end());
      clear_gradient(item.parameter->value);
    }
    return all;
  };
  const auto exact = gradients(MatmulPrecision::float32);
  const auto rounded = gradients(MatmulPrecision::bfloat16);
  double squares = 0, errors = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    squares += exact[i] * exact[i];
    errors += (rounded[i] - exact[i]) * (rounded[i] - exact[i]);
  }
  EXPECT_GT(errors, 0);
  EXPECT_LT(std::sqrt(errors / squares), 0.03);
}

TEST_F(DecoderChoices, TranslatorsHaveSkipsToo) {
  TranslatorConfig config = four_heads();
  config.decoder_layers = 3;
  config.skips = true;
  config.initial_branches = "zero";
  Translator model(config, small_vocabulary, reference_device);
  draw_parameters(model, 3);
  expect_close(stepwise_logits(model, two_sentences()), whole_logits(model, two_sentences()), 1e-9);
  config.skips = false;
  Translator without(config, small_vocabulary, reference_device);
  EXPECT_EQ(count_parameters(model), count_parameters(without) + 2);
}

TEST_F(DecoderChoices, TablesServeTheFirstLayersAndTheLast) {
  const auto tables = [](int layers, int count) {
    std::vector<int> result;
    for (int layer = 0; layer < layers; ++layer) {
      result.push_back(value_table_of(layer, layers, count).value_or(-1));
    }
    return result;
  };
  EXPECT_EQ(tables(7, 2), (std::vector<int>{0, 1, -1, -1, -1, 0, 1}));
  EXPECT_EQ(tables(4, 2), (std::vector<int>{0, 1, 0, 1}));
  EXPECT_EQ(tables(3, 0), (std::vector<int>{-1, -1, -1}));
  LanguageModelConfig config = two_layers();
  config.layers = 3;
  const std::int64_t before =
      count_parameters(*std::make_unique<LanguageModel>(config, vocabulary));
  config.value_embeddings = 1;
  config.attention.key_heads = 2;  // of two components each
  const std::int64_t with = count_parameters(*std::make_unique<LanguageModel>(config, vocabulary));
  config.value_embeddings = 0;
  const std::int64_t grouped =
      count_parameters(*std::make_unique<LanguageModel>(config, vocabulary));
  EXPECT_LT(grouped, before);
  EXPECT_EQ(with - grouped, vocabulary * 4 + 2 * 2);  // a table, and two shares in two layers
}

// Blocks are the identity then, and all pieces are as likely as any.
TEST_F(DecoderChoices, MayBeginWithZeros) {
  LanguageModelConfig config = all_at_once();
  config.skips = false;
  config.position.kind = "none";
  config.initial_branches = config.initial_logits = "zero";
  LanguageModel model(config, vocabulary, reference_device);
  ForwardContext context;
  const auto states = model.hidden(two_pieces().prompts, context).to_doubles();
  // Tokens 3 and 5 of the pieces are the same, after others.
  EXPECT_EQ(std::vector(states.begin() + 16, states.begin() + 24),
            std::vector(states.begin() + 32, states.begin() + 40));
  const auto [prompts, outputs] = two_pieces();
  EXPECT_NEAR(generator_loss(model, prompts, outputs, {}, context).sums.plain_loss,
              7 * std::log(10.0), 1e-12);
  for (const NamedTensor& item : stored_tensors_of(model)) {
    const auto values = item.tensor.to_doubles();
    const bool zero = std::all_of(values.begin(), values.end(), [](double x) { return x == 0; });
    const bool last = item.name.ends_with("out_proj.weight") || item.name.ends_with("fc2.weight") ||
                      item.name == "lm_head.weight";
    EXPECT_EQ(zero, last) << item.name;
  }
}

TEST_F(DecoderChoices, RefusesWhatMakesNoSense) {
  const auto refusal = [](auto change) {
    LanguageModelConfig config = all_at_once();
    change(config);
    try {
      LanguageModel(config, vocabulary, reference_device);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("none");
  };
  using Config = LanguageModelConfig;
  EXPECT_THAT(refusal([](Config& c) { c.value_embeddings = 3; }),
              HasSubstr("model.value_embeddings: must be in 0 … 2"));
  EXPECT_THAT(refusal([](Config& c) {
                c.attention.key_heads = 0;
                c.attention.qk_norm = false;
                c.position.kind = "none";
                c.pruned_heads["decoder.0.self"] = {1};
              }),
              HasSubstr("not together with model.pruned_heads"));
  EXPECT_THAT(refusal([](Config& c) {
                c.tie_embeddings = "output";
                c.initial_logits = "zero";
              }),
              HasSubstr("model.initial_logits zero: needs model.tie_embeddings none"));
  EXPECT_THAT(refusal([](Config& c) { c.initial_branches = "one"; }),
              HasSubstr("model.initial_branches 'one': expected"));
}

}  // namespace
}  // namespace heed
