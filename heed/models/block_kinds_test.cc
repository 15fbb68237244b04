// Language models of every kind of block: gradients, decoding step by step, and both backends.
#include <gmock/gmock.h>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/models/test_language_models.h"
#include "heed/tensor/test_close.h"

namespace heed {
namespace {

using testing::HasSubstr;

struct Kind {
  const char* name;
  void (*change)(LanguageModelConfig&);
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

const Kind kinds[] = {
    {"rms_without_biases",
     [](LanguageModelConfig& c) {
       c.norm = "pre";
       c.norm_kind = "rms";
       c.feed_forward_bias = false;
       c.attention.biases = "none";
       c.activation = "swiglu";
       c.attention.key_heads = 2;
     }},
    {"sandwich_with_windows",
     [](LanguageModelConfig& c) {
       c.norm = "sandwich";
       c.norm_kind = "rms";
       c.activation = "geglu_tanh";
       c.attention.topology = "window";
       c.attention.windows = {1, 0};
       c.attention.scale = 0.3;
       c.attention.key_size = 6;
       c.attention.value_size = 3;
       c.position.kind = "rotary";
       c.position.window_base = 100;
     }},
    {"branch_norm_with_bare_norms",
     [](LanguageModelConfig& c) {
       c.norm = "branch";
       c.norm_gain = c.norm_bias = false;
       c.activation = "relu_squared";
       c.attention.biases = "qkv";
     }},
    {"parallel", [](LanguageModelConfig& c) { c.norm = "pre", c.sublayers = "parallel"; }},
    {"parallel_one_norm",
     [](LanguageModelConfig& c) {
       c.norm = "pre";
       c.sublayers = "parallel_one_norm";
       c.position.kind = "rotary";
     }},
    {"layer_scale",
     [](LanguageModelConfig& c) {
       c.norm = "pre";
       c.layer_scale = 0.5;
       c.activation = "gelu";
     }},
    {"post_rms_after_embedding_norm",
     [](LanguageModelConfig& c) {
       c.norm_kind = "rms";
       c.embedding_norm = true;
       c.position.kind = "learned";
     }},
};

class BlockKinds : public testing::TestWithParam<Kind> {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
  static LanguageModelConfig config() {
    LanguageModelConfig config = two_layers();
    GetParam().change(config);
    return config;
  }
};

TEST_P(BlockKinds, HaveRightGradients) {
  LanguageModelConfig dropping = config();
  dropping.dropout = dropping.attention_dropout = dropping.activation_dropout = 0.2;
  LanguageModel model(dropping, vocabulary, reference_device);
  draw_parameters(model, 5);
  std::vector<Tensor> leaves;
  for (const NamedParameter& item : parameters_of(model)) {
    leaves.push_back(item.parameter->value);
  }
  const GeneratorExamples examples = two_pieces();  // outlive the backward passes
  const GradientCheck check = check_gradients(leaves, [&] {
    ForwardContext context{.training = true, .dropout_key = 11};
    return generator_loss(model, examples.prompts, examples.outputs, {.scale = 0.2f}, context).loss;
  });
  EXPECT_LT(check.worst, 1e-7) << check.report;
}

TEST_P(BlockKinds, DecodeStepByStepAsAtOnce) {
  LanguageModel model(config(), vocabulary, reference_device);
  draw_parameters(model, 6);
  expect_close(stepwise_logits(model, two_pieces()), whole_logits(model, two_pieces()), 1e-9);
}

TEST_P(BlockKinds, AreTheSameOnTheCpu) {
  LanguageModel exact(config(), vocabulary, reference_device), model(config(), vocabulary);
  draw_parameters(exact, 7);
  const auto from = parameters_of(exact), to = parameters_of(model);
  ASSERT_EQ(from.size(), to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i].parameter->value.copy_from(from[i].parameter->value.to(cpu_device));
    to[i].parameter->value.renew_stamp();
  }
  expect_close(whole_logits(model, two_pieces()), whole_logits(exact, two_pieces()), 1e-4);
  expect_close(stepwise_logits(model, two_pieces()), whole_logits(model, two_pieces()), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Kinds, BlockKinds, testing::ValuesIn(kinds),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(BlockKind, WhatDoesNotFitIsRefused) {
  const auto refusal = [](auto change) {
    LanguageModelConfig config = two_layers();
    change(config);
    try {
      LanguageModel(config, vocabulary, reference_device, StartingWeights::unset);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("none");
  };
  using Config = LanguageModelConfig;
  EXPECT_THAT(refusal([](Config& c) { c.norm = "both"; }), HasSubstr("model.norm 'both'"));
  EXPECT_THAT(refusal([](Config& c) { c.norm_kind = "batch"; }), HasSubstr("model.norm_kind"));
  EXPECT_THAT(refusal([](Config& c) { c.sublayers = "parallel"; }), HasSubstr("needs model.norm"));
  EXPECT_THAT(refusal([](Config& c) { c.layer_scale = -1; }), HasSubstr("model.layer_scale"));
  EXPECT_THAT(refusal([](Config& c) { c.initial = "ones"; }), HasSubstr("model.initial 'ones'"));
  EXPECT_THAT(refusal([](Config& c) { c.attention.biases = "q"; }), HasSubstr("attention.biases"));
  EXPECT_THAT(refusal([](Config& c) { c.attention.windows = {2}; }),
              HasSubstr("attention.windows: belongs to"));
  EXPECT_THAT(refusal([](Config& c) {
                c.attention.topology = "window";
                c.attention.windows = {2, -1};
              }),
              HasSubstr("attention.windows -1"));
  EXPECT_THAT(refusal([](Config& c) { c.position.window_base = 10; }),
              HasSubstr("model.position.window_base"));
  EXPECT_THAT(refusal([](Config& c) {
                c.attention.scale = 1;
                c.attention.kind = "cosine";
              }),
              HasSubstr("attention.scale 1"));
  // Heads whose size is given need not divide the model.
  EXPECT_EQ(refusal([](Config& c) {
              c.heads = 3;
              c.attention.key_size = c.attention.value_size = 4;
            }),
            "none");
}

TEST(BlockKind, InitialValuesAreNormalAndScaledByDepth) {
  LanguageModelConfig config = two_layers();
  config.d_model = 64;
  config.feed_forward_size = 64;
  config.initial = "normal";
  config.initial_by_depth = true;
  LanguageModel model(config, vocabulary);
  for (const NamedParameter& item : parameters_of(model)) {
    if (item.parameter->value.rank() != 2 || item.parameter->initial == Initial::zeros) {
      continue;
    }
    double squares = 0;
    const std::vector<double> values = item.parameter->value.to_doubles();
    for (const double value : values) {
      squares += value * value;
    }
    const bool last = item.name.ends_with("out_proj.weight") || item.name.ends_with("fc2.weight");
    const double expected = last ? 0.01 : 0.02;  // two layers of two sublayers
    EXPECT_NEAR(std::sqrt(squares / static_cast<double>(values.size())), expected, 0.1 * expected)
        << item.name;
  }
}

TEST(BlockKind, SegmentsSeeThemselvesAlone) {
  register_reference_backend();
  LanguageModelConfig config = two_layers();
  config.position.kind = "none";
  LanguageModel model(config, vocabulary, reference_device);
  draw_parameters(model, 4);
  GeneratorExamples apart = two_pieces(), together = two_pieces();
  together.prompts.begun.rows = make_sequences_from_offsets(std::vector<std::int32_t>{0, 7});
  EXPECT_NE(whole_logits(model, together), whole_logits(model, apart));
  together.prompts.begun.rows.segments = {1, 1, 1, 2, 2, 2, 2};
  expect_close(whole_logits(model, together), whole_logits(model, apart), 1e-12);
}

}  // namespace
}  // namespace heed
