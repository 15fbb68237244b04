// Positions and kinds of attention in config.json: written, read back, and nothing else accepted.
#include <gmock/gmock.h>

#include "heed/interop/marian_config.h"

namespace heed {
namespace {

MarianConfig config_of(const TranslatorConfig& model) {
  return {.model = model,
          .vocabulary = {.source_size = 10, .target_size = 10, .symbols = marian_symbols(9)}};
}

TranslatorConfig with(void (*change)(TranslatorConfig&)) {
  TranslatorConfig model;
  change(model);
  return model;
}

std::string error_of(const Json& json) {
  try {
    read_marian_config(json, "config.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    return error.what();
  }
  return "";
}

TEST(AttentionFiles, PlainAttentionIsMarian) {
  const Json json = write_marian_config(config_of({}));
  EXPECT_EQ(json.at("model_type"), "marian");
  EXPECT_EQ(json.at("architectures").at(0), "MarianMTModel");
}

TEST(AttentionFiles, OtherChoicesComeBackAsTheyWere) {
  const std::vector<TranslatorConfig> models = {
      with([](TranslatorConfig& c) { c.attention.kind = "cosine"; }),
      with([](TranslatorConfig& c) { c.attention.normalizer = "sparsemax"; }),
      with([](TranslatorConfig& c) {
        c.attention.topology = "dilated";
        c.attention.window = 7;
        c.attention.dilation = 3;
      }),
      with([](TranslatorConfig& c) {
        c.attention.key_heads = 2;
        c.attention.key_size = 48;
        c.attention.value_size = 80;
      }),
      with([](TranslatorConfig& c) {
        c.attention.qk_norm = c.attention.sinks = c.attention.talking_heads = true;
        c.attention.soft_cap = 30;
      }),
      with([](TranslatorConfig& c) {
        c.position.kind = "rotary";
        c.position.scaling = "yarn";
        c.position.scaling_factor = 4;
        c.position.cross = true;
      }),
  };
  for (const TranslatorConfig& model : models) {
    const Json json = write_marian_config(config_of(model));
    EXPECT_EQ(json.at("model_type"), "heed-translator");
    const MarianConfig back =
        read_marian_config(parse_json(json.dump(), "config.json"), "config.json");
    EXPECT_EQ(config_to_json(back.model), config_to_json(model));
  }
}

TEST(AttentionFiles, WhatIsNotKnownIsRefused) {
  Json json = write_marian_config(
      config_of(with([](TranslatorConfig& c) { c.attention.kind = "cosine"; })));
  Json unknown = json;
  unknown["heed"]["attention"]["windows"] = 3;
  EXPECT_THAT(error_of(unknown), testing::HasSubstr("attention.windows"));
  Json wrong = json;
  wrong["heed"]["attention"]["key_heads"] = "two";
  EXPECT_THAT(error_of(wrong), testing::HasSubstr("attention.key_heads"));
  // A file from before there was a choice says nothing about it.
  json["heed"].erase("attention");
  EXPECT_EQ(read_marian_config(json, "config.json").model.attention.kind, "scaled_dot");
}

TEST(AttentionFiles, SizesThatTheWeightsCannotHoldShowBeforeMemoryIsTaken) {
  const std::uint64_t plain = least_weight_bytes(config_of({}));
  const auto bytes = [](void (*change)(TranslatorConfig&)) {
    return least_weight_bytes(config_of(with(change)));
  };
  EXPECT_LT(bytes([](TranslatorConfig& c) { c.attention.key_heads = 1; }), plain);
  EXPECT_GT(bytes([](TranslatorConfig& c) { c.attention.key_size = 1 << 30; }), 1u << 30);
  EXPECT_GT(bytes([](TranslatorConfig& c) { c.attention.value_size = 1 << 30; }), 1u << 30);
  for (const auto change : {+[](TranslatorConfig& c) { c.position.kind = "shaw"; },
                            +[](TranslatorConfig& c) { c.position.kind = "cope"; },
                            +[](TranslatorConfig& c) { c.position.kind = "t5"; },
                            +[](TranslatorConfig& c) { c.position.kind = "learned"; }}) {
    TranslatorConfig model = with(change);
    model.position.clip = model.position.context_positions = model.position.buckets =
        model.position.trained_length = 1 << 30;
    EXPECT_GT(least_weight_bytes(config_of(model)), 1u << 30);
  }
}

}  // namespace
}  // namespace heed
