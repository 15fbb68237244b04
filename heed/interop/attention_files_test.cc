// Positions and kinds of attention in model directories: written, read back, and nothing else
// accepted.
#include <gmock/gmock.h>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/model_family.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/test_directory.h"
#include "heed/interop/weight_bounds.h"

namespace heed {
namespace {

TranslatorConfig with(TranslatorConfig config, void (*change)(TranslatorConfig&)) {
  change(config);
  return config;
}

class AttentionFiles : public ModelDirectoryTest {
 protected:
  static TranslatorConfig changed(void (*change)(TranslatorConfig&)) {
    return with(small_config(), change);
  }
};

TEST_F(AttentionFiles, PlainAttentionIsMarian) {
  EXPECT_EQ(family_for("translator", config_to_json(TranslatorConfig())).model_type, "marian");
  Translator model = translator(1);
  save(model, directory_);
  const Json json = Json::parse(read_file(directory_ / "config.json"));
  EXPECT_EQ(json.at("model_type"), "marian");
  EXPECT_EQ(json.at("architectures").at(0), "MarianMTModel");
}

TEST_F(AttentionFiles, OtherChoicesComeBackAsTheyWere) {
  const std::vector<TranslatorConfig> models = {
      changed([](TranslatorConfig& c) { c.attention.kind = "cosine"; }),
      changed([](TranslatorConfig& c) { c.attention.normalizer = "sparsemax"; }),
      changed([](TranslatorConfig& c) {
        c.attention.topology = "dilated";
        c.attention.window = 7;
        c.attention.dilation = 3;
      }),
      changed([](TranslatorConfig& c) {
        c.attention.key_heads = 1;
        c.attention.key_size = 6;
        c.attention.value_size = 10;
      }),
      changed([](TranslatorConfig& c) {
        c.attention.qk_norm = c.attention.sinks = c.attention.talking_heads = true;
        c.attention.soft_cap = 30;
      }),
      changed([](TranslatorConfig& c) {
        c.position.kind = "rotary";
        c.position.scaling = "yarn";
        c.position.scaling_factor = 4;
        c.position.cross = true;
      }),
  };
  for (const TranslatorConfig& config : models) {
    Translator model = translator(1, -1, config);
    save(model, directory_);
    const LoadedModel back = load_model(directory_);
    EXPECT_EQ(back.family, "heed-translator");
    EXPECT_EQ(description_of(*back.module).section, config_to_json(config));
    expect_same(model, *back.module);
  }
}

TEST_F(AttentionFiles, WhatIsNotKnownIsRefused) {
  Translator model =
      translator(1, -1, changed([](TranslatorConfig& c) { c.attention.kind = "cosine"; }));
  save(model, directory_);
  edit("config.json", [](Json& json) { json["heed"]["attention"]["windows"] = 3; });
  EXPECT_THAT(error_of(ErrorKind::bad_data), testing::HasSubstr("attention.windows"));
  edit("config.json", [](Json& json) {
    json["heed"]["attention"].erase("windows");
    json["heed"]["attention"]["key_heads"] = "two";
  });
  EXPECT_THAT(error_of(ErrorKind::bad_data), testing::HasSubstr("attention.key_heads"));
  // What is left out is as it is when nobody chooses.
  edit("config.json", [](Json& json) { json["heed"]["attention"] = {{"kind", "cosine"}}; });
  EXPECT_EQ(load_model(directory_).as<Translator>().config().attention.normalizer, "softmax");
}

TEST_F(AttentionFiles, SizesThatTheWeightsCannotHoldShowBeforeMemoryIsTaken) {
  const std::uint64_t plain = least_translator_numbers({}, 10);
  const auto bytes = [](void (*change)(TranslatorConfig&)) {
    return least_translator_numbers(with({}, change), 10);
  };
  EXPECT_LT(bytes([](TranslatorConfig& c) { c.attention.key_heads = 1; }), plain);
  EXPECT_GT(bytes([](TranslatorConfig& c) { c.attention.key_size = 1 << 30; }), 1u << 30);
  EXPECT_GT(bytes([](TranslatorConfig& c) { c.attention.value_size = 1 << 30; }), 1u << 30);
  for (const char* kind : {"shaw", "cope", "t5", "learned"}) {
    TranslatorConfig model;
    model.position.kind = kind;
    model.position.clip = model.position.context_positions = model.position.buckets =
        model.position.trained_length = 1 << 30;
    EXPECT_GT(least_translator_numbers(model, 10), 1u << 30);
  }
}

}  // namespace
}  // namespace heed
