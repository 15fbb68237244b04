#include "heed/models/head_pruning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/models/test_translators.h"

namespace heed {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;

TranslatorConfig three_heads() {
  TranslatorConfig config;
  config.d_model = 12;
  config.encoder_layers = 2;
  config.decoder_layers = 2;
  config.heads = 3;
  config.feed_forward_size = 10;
  return config;
}

const TranslatorVocabulary ten_tokens{
    .source_size = 10, .target_size = 10, .symbols = marian_symbols(9)};

std::vector<double> scores(const Generator& model, ForwardContext context = {}) {
  const auto [prompts, outputs] = two_sentences();
  return sequence_log_probabilities(model, prompts, outputs, context);
}

ForwardContext without(const HeadSet& off) {
  return {.heads_off = &off};
}

// The logits of a step of decoding both sentences from unlike beginnings, and of one more.
std::vector<double> decoded_logits(const Generator& model, const ForwardContext& context = {}) {
  const GeneratorExamples examples = two_sentences();
  const auto session = model.start(context);
  const std::int32_t rows[] = {0, 1};
  const std::int32_t next[] = {2, 4};
  std::vector<double> logits =
      session->add({.source = examples.prompts.source, .begun = inputs_of({9, 9, 3}, {0, 1, 3})})
          .to_doubles();
  for (const double value : session->advance(rows, next).to_doubles()) {
    logits.push_back(value);
  }
  return logits;
}

Tensor stored(Translator& model, const std::string& name) {
  for (const NamedTensor& item : stored_tensors_of(model)) {
    if (item.name == name) {
      return item.tensor;
    }
  }
  return {};
}

const HeadSet some_heads = {
    {"encoder.1.self", {0, 2}}, {"decoder.0.self", {1}}, {"decoder.1.cross", {2}}};

class HeadPruning : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }
};

TEST_F(HeadPruning, SwitchingOffIsZeroColumnsOfTheOutputProjection) {
  Translator model(three_heads(), ten_tokens, reference_device);
  initialize_parameters(model, 3);
  Translator zeroed(three_heads(), ten_tokens, reference_device);
  initialize_parameters(zeroed, 3);
  stored(zeroed, "model.encoder.layers.1.self_attn.out_proj.weight").columns(0, 4).fill(0);
  stored(zeroed, "model.encoder.layers.1.self_attn.out_proj.weight").columns(8, 12).fill(0);
  stored(zeroed, "model.decoder.layers.0.self_attn.out_proj.weight").columns(4, 8).fill(0);
  stored(zeroed, "model.decoder.layers.1.encoder_attn.out_proj.weight").columns(8, 12).fill(0);
  const HeadSet off = heads_off(model.config(), some_heads);
  EXPECT_EQ(scores(model, without(off)), scores(zeroed));
  EXPECT_EQ(decoded_logits(model, without(off)), decoded_logits(zeroed));
  EXPECT_NE(scores(model, without(off)), scores(model));
  EXPECT_NE(decoded_logits(model, without(off)), decoded_logits(model));
}

TEST_F(HeadPruning, ThePrunedModelIsTheOneWithTheHeadsSwitchedOff) {
  Translator model(three_heads(), ten_tokens, reference_device);
  initialize_parameters(model, 3);
  const auto smaller = prune_heads(model, some_heads);
  const HeadSet off = heads_off(model.config(), some_heads);
  EXPECT_THAT(scores(*smaller), Pointwise(DoubleNear(1e-12), scores(model, without(off))));
  EXPECT_THAT(decoded_logits(*smaller),
              Pointwise(DoubleNear(1e-12), decoded_logits(model, without(off))));
  // Each head has 3 · 4 · (12 + 1) numbers in q, k and v and 12 · 4 in the output projection.
  EXPECT_EQ(count_parameters(model) - count_parameters(*smaller), 4 * (156 + 48));
  EXPECT_THAT(present_heads(smaller->config(), "encoder.1.self"), ElementsAre(1));

  // A second pruning names the heads by their first numbers.
  const auto smallest = prune_heads(*smaller, {{"decoder.1.cross", {1}}});
  HeadSet all = some_heads;
  all["decoder.1.cross"] = {1, 2};
  EXPECT_EQ(smallest->config().pruned_heads, all);
  const HeadSet all_off = heads_off(model.config(), all);
  EXPECT_THAT(scores(*smallest), Pointwise(DoubleNear(1e-12), scores(model, without(all_off))));
  const HeadSet one_more = heads_off(smaller->config(), {{"decoder.1.cross", {1}}});
  EXPECT_THAT(scores(*smallest), Pointwise(DoubleNear(1e-12), scores(*smaller, without(one_more))));
}

TEST_F(HeadPruning, AWorthlessHeadGoesWithoutATrace) {
  Translator model(three_heads(), ten_tokens, reference_device);
  initialize_parameters(model, 4);
  stored(model, "model.decoder.layers.1.encoder_attn.out_proj.weight").columns(4, 8).fill(0);
  const HeadSet worthless = {{"decoder.1.cross", {1}}};
  const HeadSet off = heads_off(model.config(), worthless);
  EXPECT_EQ(scores(model, without(off)), scores(model));
  const auto smaller = prune_heads(model, worthless);
  EXPECT_THAT(decoded_logits(*smaller), Pointwise(DoubleNear(1e-12), decoded_logits(model)));
}

TEST_F(HeadPruning, TheTraceShowsTheHeadsThatAreThere) {
  Translator model(three_heads(), ten_tokens, reference_device);
  initialize_parameters(model, 3);
  const auto smaller = prune_heads(model, some_heads);
  AttentionTrace trace;
  ForwardContext context;
  context.trace = &trace;
  const std::vector<double> traced = scores(*smaller, context);
  EXPECT_EQ(traced, scores(*smaller));
  ASSERT_EQ(trace.entries.size(), 6u);
  EXPECT_EQ(trace.entries[1].place.name(), "encoder.1.self");
  EXPECT_EQ(trace.entries[1].heads, 1);
  EXPECT_EQ(trace.entries[0].heads, 3);
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "nothing refused";
}

TEST_F(HeadPruning, RefusesHeadsThatAreNotThere) {
  Translator model(three_heads(), ten_tokens, reference_device);
  EXPECT_THAT(refusal([&] {
                prune_heads(model, {{"encoder.2.self", {0}}});
              }),
              HasSubstr("no attention 'encoder.2.self'"));
  EXPECT_THAT(refusal([&] {
                heads_off(model.config(), {{"encoder.0.self", {3}}});
              }),
              HasSubstr("encoder.0.self has no head 3, only 0, 1, 2"));
  EXPECT_THAT(refusal([&] {
                prune_heads(model, {{"encoder.0.self", {0, 1, 2}}});
              }),
              HasSubstr("none of its 3 heads would be left"));
  const auto smaller = prune_heads(model, {{"encoder.0.self", {1}}});
  EXPECT_THAT(refusal([&] {
                prune_heads(*smaller, {{"encoder.0.self", {1}}});
              }),
              HasSubstr("encoder.0.self has no head 1, only 0, 2"));
  for (const std::vector<int>& wrong : {std::vector<int>{-1}, {3}, {1, 1}, {2, 0}, {0, 1, 2}}) {
    TranslatorConfig config = three_heads();
    config.pruned_heads["decoder.0.self"] = wrong;
    EXPECT_THAT(refusal([&] { check_translator_config(config); }),
                HasSubstr("model.pruned_heads: decoder.0.self"));
  }
  TranslatorConfig config = three_heads();
  config.pruned_heads["decoder.9.self"] = {};
  EXPECT_THAT(refusal([&] { check_translator_config(config); }),
              HasSubstr("its names run from encoder.0.self to decoder.1.cross"));
}

TEST_F(HeadPruning, GradientsCannotPassAHeadThatIsOff) {
  Translator model(three_heads(), ten_tokens, reference_device);
  initialize_parameters(model, 3);
  require_gradients(model);
  const HeadSet off = {{"encoder.0.self", {0}}};
  ForwardContext context;
  context.heads_off = &off;
  const auto [prompts, outputs] = two_sentences();
  EXPECT_THROW(generator_loss(model, prompts, outputs, {}, context), Error);
}

}  // namespace
}  // namespace heed
