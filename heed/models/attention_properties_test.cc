// What holds for every kind of attention and every position scheme in a whole translator.
#include <gmock/gmock.h>

#include <filesystem>

#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/formats/load_tensors.h"
#include "heed/models/test_attention_choices.h"

namespace heed {
namespace {

class AttentionProperties : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
};

TEST_F(AttentionProperties, TracesLeaveResultsEqual) {
  for_each_kind([](const TranslatorConfig& config) {
    for (const Device device : {reference_device, cpu_device}) {
      Translator model(config, small_vocabulary, device);
      draw_parameters(model, 6);
      const NoGradientScope no_gradients;
      const GeneratorExamples examples = two_sentences();
      ForwardContext plain, traced;
      AttentionTrace trace;
      traced.trace = &trace;
      EXPECT_EQ(
          generator_loss(model, examples.prompts, examples.outputs, {}, plain).sums.plain_loss,
          generator_loss(model, examples.prompts, examples.outputs, {}, traced).sums.plain_loss);
      ASSERT_EQ(trace.entries.size(), 6u);
      EXPECT_EQ(trace.entries[3].place.name(), "decoder.0.cross");
      const std::vector<double> weights = trace.entries[3].weights.to_doubles();
      ASSERT_EQ(weights.size(), 4u * (3 * 3 + 4 * 5));
      if (!config.attention.sinks && !config.attention.talking_heads) {
        EXPECT_NEAR(weights[0] + weights[1] + weights[2], 1, 1e-6);
      }
    }
  });
}

TEST_F(AttentionProperties, FilesHoldAllThatIsLearned) {
  const std::string path = testing::TempDir() + "attention_properties.safetensors";
  for_each_kind([&](const TranslatorConfig& config) {
    Translator model(config, small_vocabulary);
    draw_parameters(model, 6);
    write_safetensors(path, stored_tensors_of(model));
    Translator loaded(config, small_vocabulary);
    load_tensors(SafetensorsFile(path), stored_tensors_of(loaded));
    EXPECT_EQ(whole_logits(loaded, two_sentences()), whole_logits(model, two_sentences()));
  });
  std::filesystem::remove(path);
}

TEST_F(AttentionProperties, WithoutPositionsAPermutedSourceGivesPermutedOutputs) {
  for_each_choice([](TranslatorConfig config) {
    if (config.attention.topology != "full") {
      return;
    }
    config.position.kind = "none";
    Translator model(config, small_vocabulary, reference_device);
    draw_parameters(model, 6);
    const NoGradientScope no_gradients;
    const Sequences one = make_sequences(std::vector<std::int32_t>{5});
    const auto encode = [&](const std::vector<std::int32_t>& ids) {
      ForwardContext context;
      return model.encode(ids_of(ids), one, context).to_doubles();
    };
    const std::vector<std::int32_t> ids = {5, 6, 3, 2, 0};
    const std::vector<std::size_t> order = {3, 0, 4, 1, 2};
    std::vector<std::int32_t> permuted;
    std::vector<double> expected;
    const std::vector<double> outputs = encode(ids);
    for (const std::size_t i : order) {
      permuted.push_back(ids[i]);
      const auto row = outputs.begin() + static_cast<std::ptrdiff_t>(8 * i);
      expected.insert(expected.end(), row, row + 8);
    }
    expect_close(encode(permuted), expected, 1e-12);
    config.position.kind = "sinusoidal";
    Translator with_positions(config, small_vocabulary, reference_device);
    ForwardContext context;
    const auto first = with_positions.encode(ids_of({3, 3, 4, 4}),
                                             make_sequences(std::vector<std::int32_t>{4}), context);
    EXPECT_NE(first.rows(0, 1).to_doubles(), first.rows(1, 2).to_doubles());
  });
}

TEST_F(AttentionProperties, LaterTokensAndNeighboursLeaveNoTrace) {
  const auto expect_alone = [](const TranslatorConfig& config) {
    for (const Device device : {reference_device, cpu_device}) {
      SCOPED_TRACE(name_of(device.kind));
      Translator model(config, small_vocabulary, device);
      draw_parameters(model, 6);
      GeneratorExamples examples = two_sentences();
      const std::vector<double> before = whole_logits(model, examples);
      examples.prompts.begun.ids.values<std::int32_t>()[6] = 7;  // the last of the second sentence
      const std::vector<double> later = whole_logits(model, examples);
      EXPECT_EQ(std::vector(before.begin(), before.begin() + 60),
                std::vector(later.begin(), later.begin() + 60));
      EXPECT_NE(before, later);
      const GeneratorExamples alone{.prompts = {.source = inputs_of({3, 4, 0}, {0, 3}),
                                                .begun = inputs_of({9, 2, 4}, {0, 3})},
                                    .outputs = ids_of({2, 4, 0})};
      EXPECT_EQ(whole_logits(model, alone), std::vector(before.begin(), before.begin() + 30));
    }
  };
  for_each_kind(expect_alone);
}

TEST_F(AttentionProperties, HeadsAreSwitchedOffInEveryKindAndPrunedInThePlainOne) {
  const auto switch_off = [](const TranslatorConfig& config) {
    Translator model(config, small_vocabulary, reference_device);
    draw_parameters(model, 6);
    const NoGradientScope no_gradients;
    const HeadSet off = {{"decoder.1.cross", {2}}};
    const GeneratorExamples examples = two_sentences();
    ForwardContext plain, without;
    without.heads_off = &off;
    EXPECT_NE(
        generator_loss(model, examples.prompts, examples.outputs, {}, plain).sums.plain_loss,
        generator_loss(model, examples.prompts, examples.outputs, {}, without).sums.plain_loss);
  };
  for_each_choice(switch_off);
  const auto expect_refused = [](void (*choose)(TranslatorConfig&), const std::string& reason) {
    TranslatorConfig config = four_heads();
    config.pruned_heads = {{"encoder.0.self", {1}}};
    choose(config);
    try {
      check_translator_config(config);
      ADD_FAILURE() << "expected a refusal: " << reason;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("model.pruned_heads"));
      EXPECT_THAT(error.what(), testing::HasSubstr(reason));
    }
  };
  expect_refused([](TranslatorConfig& c) { c.attention.key_heads = 2; }, "share their keys");
  expect_refused([](TranslatorConfig& c) { c.attention.key_size = 4; }, "model's size / heads");
  expect_refused([](TranslatorConfig& c) { c.attention.talking_heads = true; }, "made of all");
  expect_refused([](TranslatorConfig& c) { c.attention.kind = "bilinear"; }, "parameters per head");
  expect_refused([](TranslatorConfig& c) { c.attention.sinks = true; }, "parameters per head");
  expect_refused([](TranslatorConfig& c) { c.position.kind = "alibi"; }, "all heads of a stack");
}

}  // namespace
}  // namespace heed
