#include "heed/models/text_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/models/headed_encoder.h"
#include "heed/models/test_language_models.h"
#include "heed/models/text_encoder_presets.h"
#include "heed/nn/position/grown_table.h"
#include "heed/ops/elementwise.h"
#include "heed/tensor/test_close.h"

namespace heed {
namespace {

using testing::HasSubstr;

TextEncoderConfig small(const std::string& style) {
  TextEncoderConfig config = text_encoder_preset(style).config;
  config.layers = 2;
  config.d_model = 8;
  config.heads = 2;
  config.feed_forward_size = 6;
  config.max_length = 7;
  config.initial = "xavier";  // weights that are large enough for everything to have an effect
  if (!config.attention.windows.empty()) {
    config.attention.windows = {0, 1};
  }
  return config;
}

// Two texts of 4 and 3 tokens.
Inputs two_texts() {
  const std::int32_t lengths[] = {4, 3};
  return {.ids = ids_of({1, 3, 5, 2, 4, 4, 6}),
          .segments = ids_of({0, 0, 1, 1, 0, 1, 1}),
          .pixels = {},
          .rows = make_sequences(lengths)};
}

// Σ x ⊙ numbers of both signs.
Tensor waved(const Tensor& x) {
  std::vector<double> factors;
  for (std::int64_t i = 0; i < x.element_count(); ++i) {
    factors.push_back(0.3 * std::cos(2.0 * static_cast<double>(i)));
  }
  return ops::sum(ops::multiply(x, constant_tensor(factors, x.shape(), x.device())));
}

std::string usage_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

class TextEncoderTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
};

TEST_F(TextEncoderTest, PresetsHaveTheSizesOfTheirNames) {
  TextEncoderConfig config = text_encoder_preset("bert-tiny").config;
  TextEncoder tiny(config, 30522);
  // Google's BERT-tiny without the heads of its pre-training has 4,385,920 weights.
  const std::int64_t head = 128 * 128 + 128 + 2 * 128 + 30522;
  EXPECT_EQ(count_parameters(tiny), 4385920 + head);
  for (const TextEncoderPreset& preset : text_encoder_presets()) {
    EXPECT_NO_THROW(check_text_encoder_config(preset.config)) << preset.name;
  }
  EXPECT_THAT(usage_error([] { text_encoder_preset("bert-huge"); }),
              HasSubstr("known are bert-tiny, bert-mini"));
}

TEST_F(TextEncoderTest, GradientsOfTheWholeModelAreRight) {
  for (const char* style : {"bert-tiny", "modern-tiny"}) {
    for (const bool narrow : {false, true}) {
      SCOPED_TRACE(std::string(style) + (narrow ? ", narrow embeddings" : ""));
      TextEncoderConfig config = small(style);
      config.embedding_size = narrow ? 6 : 0;
      config.tie_embeddings = narrow ? "none" : "output";
      config.next_sentence_head = config.detection_head = config.pooler_dropout = true;
      config.dropout = config.attention_dropout = config.activation_dropout = 0.2;
      TextEncoder model(config, 7, reference_device);
      draw_parameters(model, 5);
      std::vector<Tensor> leaves;
      for (const NamedParameter& item : parameters_of(model)) {
        leaves.push_back(item.parameter->value);
      }
      const Inputs inputs = two_texts();
      const GradientCheck check = check_gradients(
          leaves,
          [&] {
            ForwardContext context;
            context.training = true;
            context.dropout_key = 11;
            const auto states = model.encode(inputs, context);
            const Tensor loss = ops::projection_cross_entropy(
                                    model.masked_states(states.values, context),
                                    model.masked_projection(), inputs.ids, {.scale = 0.2f})
                                    .loss;
            return ops::add(ops::add(loss, waved(model.next_sentence_scores(
                                               model.summary(states, context), context))),
                            waved(model.detection_scores(states.values, context)));
          },
          {.some_without_effect = true});
      EXPECT_LT(check.worst, 1e-7) << check.report;
    }
  }
}

TEST_F(TextEncoderTest, TextsDoNotDependOnEachOther) {
  for (const char* style : {"bert-tiny", "modern-tiny"}) {
    TextEncoder model(small(style), 7);
    draw_parameters(model, 3);
    ForwardContext context;
    const Inputs both = two_texts();
    const auto states = model.encode(both, context);
    const std::int32_t length[] = {3};
    const Inputs alone{.ids = ids_of({4, 4, 6}),
                       .segments = ids_of({0, 1, 1}),
                       .pixels = {},
                       .rows = make_sequences(length)};
    EXPECT_EQ(states.values.rows(4, 7).to_doubles(),
              model.encode(alone, context).values.to_doubles());
    EXPECT_EQ(model.summary(states, context).rows(1, 2).to_doubles(),
              model.summary(model.encode(alone, context), context).to_doubles());
  }
}

// What comes later changes what stands first, and the segments change everything.
TEST_F(TextEncoderTest, EveryTokenSeesBothSides) {
  TextEncoder model(small("bert-tiny"), 7);
  draw_parameters(model, 3);
  ForwardContext context;
  Inputs inputs = two_texts();
  const std::vector<double> before = model.encode(inputs, context).values.to_doubles();
  inputs.ids.values<std::int32_t>()[3] = 6;
  EXPECT_NE(model.encode(inputs, context).values.to_doubles().front(), before.front());
  inputs = two_texts();
  inputs.segments = Tensor();
  EXPECT_NE(model.encode(inputs, context).values.to_doubles().front(), before.front());
}

TEST_F(TextEncoderTest, AHeadStandsUponAPretrainedEncoder) {
  TextEncoder pretrained(small("bert-tiny"), 7);
  const auto count = [](Module& module) { return count_parameters(module); };
  for (const auto& [kind, rows, scores] :
       {std::tuple{"sequence", 2, 3}, {"token", 7, 3}, {"question", 7, 2}, {"choice", 2, 1}}) {
    HeadConfig head{.kind = kind};
    if (scores == 3) {
      head.labels = {"a", "b", "c"};
    }
    const auto model = headed_encoder_from(pretrained, head, 1);
    ForwardContext context;
    const Inputs inputs = two_texts();
    const auto states = model->encode(inputs, context);
    EXPECT_EQ(states.values.to_doubles(), pretrained.encode(inputs, context).values.to_doubles());
    EXPECT_EQ(model->scores(states, context).shape(), Shape({rows, scores})) << kind;
    const std::int64_t pooler = rows == 2 ? 8 * 8 + 8 : 0, masked = 8 * 8 + 8 + 2 * 8 + 7;
    EXPECT_EQ(count(*model), count(pretrained) - masked - (8 * 8 + 8) + pooler + 9 * scores);
  }
}

TEST_F(TextEncoderTest, WhatMakesNoSenseIsRefused) {
  const auto refused = [](auto&& change) {
    TextEncoderConfig config = small("bert-tiny");
    change(config);
    return usage_error([&] { TextEncoder(config, 7); });
  };
  EXPECT_THAT(refused([](auto& c) { c.pooler = "mean"; }), HasSubstr("model.pooler 'mean'"));
  EXPECT_THAT(refused([](auto& c) { c.segments = -1; }), HasSubstr("model.segments"));
  EXPECT_THAT(refused([](auto& c) { c.embedding_size = -3; }), HasSubstr("model.embedding_size"));
  EXPECT_THAT(refused([](auto& c) { c.attention.topology = "prefix"; }), HasSubstr("both sides"));
  EXPECT_THAT(usage_error([] { check_head_config({.kind = "token"}); }),
              HasSubstr("model.head.labels"));
  EXPECT_THAT(usage_error([] { check_head_config({.kind = "choice", .labels = {"x"}}); }),
              HasSubstr("has none"));
  TextEncoder model(small("bert-tiny"), 7);
  const std::int32_t length[] = {8};
  ForwardContext context;
  const Inputs inputs{.ids = ids_of({1, 1, 1, 1, 1, 1, 1, 1}),
                      .segments = {},
                      .pixels = {},
                      .rows = make_sequences(length)};
  EXPECT_THROW(model.encode(inputs, context), Error);
}

}  // namespace
}  // namespace heed
