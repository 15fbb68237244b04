// Language models that Transformers saved give here what they give there (tests/data/decoders, made
// by tools/make_decoder_fixtures.py), and are saved as they were.
#include <gmock/gmock.h>

#include "heed/base/config_json.h"
#include "heed/formats/numpy.h"
#include "heed/interop/config_reader.h"
#include "heed/interop/export_model.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/rope_config.h"
#include "heed/interop/test_directory.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Decoders : public ModelDirectoryTest, public testing::WithParamInterface<const char*> {
 protected:
  void copy(const std::string& name) { fs::copy(folder() / name, directory_); }

  static fs::path folder() { return fs::path(HEED_SOURCE_DIR) / "tests" / "data" / "decoders"; }

  // The logits after each token of ids.npy.
  Tensor logits(const LoadedModel& loaded) const {
    const Tensor ids = read_npy(directory_ / "ids.npy");
    const std::int32_t length[] = {static_cast<std::int32_t>(ids.size(0))};
    const Prompts prompts{
        .source = {},
        .begun = {.ids = ids, .segments = {}, .pixels = {}, .rows = make_sequences(length)}};
    ForwardContext context;
    return logits_of(loaded.generator(), loaded.generator().hidden(prompts, context), context);
  }
};

class EachDecoder : public Decoders {};

TEST_P(EachDecoder, GivesWhatTransformersGives) {
  copy(GetParam());
  const LoadedModel loaded = load_model(directory_);
  const std::vector<double> expected = read_npy(directory_ / "logits.npy").to_doubles();
  const std::vector<double> got = logits(loaded).to_doubles();
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], 1e-4) << "position " << i / 259;
  }
}

// Another time, by heed, in the layout of the same program.
TEST_P(EachDecoder, IsSavedAsItWas) {
  copy(GetParam());
  const LoadedModel loaded = load_model(directory_);
  const fs::path saved = directory_ / "saved";
  save_model(*loaded.module, loaded.tokenizers, loaded.symbols, loaded.decoding, saved);
  const Json before = Json::parse(read_file(directory_ / "config.json"));
  Json after = Json::parse(read_file(saved / "config.json"));
  for (const char* key : {"model_type", "architectures", "vocab_size", "eos_token_id"}) {
    EXPECT_EQ(after.at(key), before.at(key)) << key;
  }
  after.erase("heed");
  write_file(saved / "config.json", after.dump());
  const LoadedModel again = load_model(saved);
  EXPECT_EQ(description_of(*again.module).section, description_of(*loaded.module).section);
  EXPECT_EQ(again.symbols, loaded.symbols);
  expect_same(*loaded.module, *again.module);
}

// What is written is what Transformers itself writes of the same model: tensor by tensor, and every
// key that both have.
TEST_P(EachDecoder, IsExportedAsTransformersWritesIt) {
  copy(GetParam());
  const LoadedModel loaded = load_model(directory_);
  const bool half = Json::parse(read_file(directory_ / "config.json")).at("dtype") == "bfloat16";
  export_model(loaded, directory_ / "saved",
               {.weights = half ? DType::bfloat16 : DType::float32, .family = loaded.family});
  expect_same_layout(directory_, directory_ / "saved");
}

TEST_F(Decoders, ConfigurationsThatMakeNoSenseAreTheFilesMistake) {
  copy("llama");
  const auto refusal = [&](const char* key, const Json& value) {
    edit("config.json", [&](Json& config) { config[key] = value; });
    const std::string message = error_of(ErrorKind::bad_data);
    EXPECT_THAT(message, HasSubstr("config.json: "));
    fs::copy(folder() / "llama" / "config.json", directory_ / "config.json",
             fs::copy_options::overwrite_existing);
    return message;
  };
  EXPECT_THAT(refusal("num_hidden_layers", -3), HasSubstr("num_hidden_layers: must be in 1"));
  EXPECT_THAT(refusal("num_attention_heads", 3), HasSubstr("3 heads cannot share them evenly"));
  EXPECT_THAT(refusal("hidden_size", 1 << 30), HasSubstr("more than the 14160 numbers"));
  EXPECT_THAT(refusal("vocab_size", std::int64_t{1} << 62), HasSubstr("a vocabulary of 4611686"));
  EXPECT_THAT(refusal("vocab_size", 200), HasSubstr("but the tokenizers have 259"));
  EXPECT_THAT(refusal("model_type", "mamba"), HasSubstr("heed knows marian, t5, gpt2, llama"));
}

class WritingDecoder : public Decoders {};

TEST_P(WritingDecoder, WritesWhatTransformersWrites) {
  copy(GetParam());
  const LoadedModel loaded = load_model(directory_);
  for (const Json& way : Json::parse(read_file(directory_ / "written.json"))) {
    SCOPED_TRACE(way.at("config").dump());
    auto config = config_from_json<DecodingConfig>(way.at("config"), "way");
    config.max_length = 9;
    auto expected = way.at("tokens").get<std::vector<int>>();
    if (expected.back() == loaded.symbols.end) {
      expected.pop_back();
    }
    const Prompt prompt{.source = {}, .begun = way.at("begun").get<std::vector<int>>()};
    const auto found = generate(loaded.generator(), std::span(&prompt, 1),
                                {.ends = {loaded.symbols.end}, .suppressed = {}}, config);
    EXPECT_EQ(found[0][0].tokens, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All, WritingDecoder, testing::Values("gpt2", "llama"));

INSTANTIATE_TEST_SUITE_P(All, EachDecoder,
                         testing::Values("gpt2", "gpt2-untied", "llama", "llama-biases", "llama3",
                                         "llama-yarn", "llama-linear", "mistral", "qwen2", "qwen3"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// As the weights of gpt2 itself are, and with the masks that it once kept.
TEST_F(Decoders, NamesMayLackTheirPrefix) {
  copy("gpt2");
  const std::vector<double> expected = logits(load_model(directory_)).to_doubles();
  std::vector<NamedTensor> tensors = weights();
  for (NamedTensor& item : tensors) {
    ASSERT_TRUE(item.name.starts_with("transformer."));
    item.name = item.name.substr(std::string("transformer.").size());
  }
  tensors.push_back({"h.0.attn.bias", Tensor::zeros({1, 1, 32, 32}, DType::float32)});
  write_weights(tensors);
  EXPECT_EQ(logits(load_model(directory_)).to_doubles(), expected);
}

TEST_F(Decoders, WhatHeedCannotDoIsRefused) {
  copy("qwen2");
  const auto refused = [&](const char* key, const Json& value) {
    edit("config.json", [&](Json& json) { json[key] = value; });
    std::string message = error_of(ErrorKind::bad_data);
    edit("config.json", [&](Json& json) { json.erase(key); });
    return message;
  };
  const Json before = Json::parse(read_file(directory_ / "config.json"));
  EXPECT_THAT(refused("rope_parameters", {{"rope_type", "dynamic"}, {"factor", 2.0}}),
              HasSubstr("'dynamic': heed knows default, linear, yarn and llama3"));
  EXPECT_THAT(refused("rope_parameters", {{"rope_type", "linear"}}),
              HasSubstr("rope_parameters: 'factor' is missing"));
  EXPECT_THAT(refused("hidden_act", "mish"), HasSubstr("hidden_act 'mish' is not known"));
  EXPECT_THAT(refused("layer_types", {"full_attention"}), HasSubstr("layer_types: 1 for 3 layers"));
  EXPECT_THAT(refused("eos_token_id", 259), HasSubstr("eos_token_id: token id 259"));
  edit("config.json", [&](Json& json) { json = before; });
  EXPECT_NO_THROW(load_model(directory_));
  edit("config.json", [&](Json& json) { json["num_hidden_layers"] = 2; });
  EXPECT_THAT(error_of(ErrorKind::bad_data), HasSubstr("layer_types: 3 for 2 layers"));
  edit("config.json", [&](Json& json) { json.erase("layer_types"); });
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              HasSubstr("tensor \"model.layers.2.input_layernorm.weight\" has no place"));
}

TEST_F(Decoders, SeveralSymbolsMayEndAText) {
  copy("llama");
  edit("config.json", [](Json& json) { json["eos_token_id"] = {7, 3}; });
  edit("generation_config.json", [](Json& json) { json.erase("eos_token_id"); });
  LoadedModel loaded = load_model(directory_);
  EXPECT_EQ(loaded.symbols.end, 7);
  EXPECT_THAT(loaded.symbols.more_ends, testing::ElementsAre(3));
  // What is said for generating counts more.
  edit("generation_config.json", [](Json& json) { json["eos_token_id"] = {5, 6}; });
  loaded = load_model(directory_);
  EXPECT_EQ(loaded.symbols.end, 5);
  EXPECT_THAT(loaded.symbols.more_ends, testing::ElementsAre(6));
}

// A program that pads with an end symbol does not mean that texts never end.
TEST_F(Decoders, PaddingThatEndsTextsIsNotSuppressed) {
  copy("llama");
  edit("config.json", [](Json& json) { json["pad_token_id"] = 0; });
  EXPECT_TRUE(load_model(directory_).symbols.suppressed.empty());
  edit("config.json", [](Json& json) { json["pad_token_id"] = 4; });
  EXPECT_THAT(load_model(directory_).symbols.suppressed, testing::ElementsAre(4));
}

// Version 4 of Transformers spelled it with rope_theta and rope_scaling.
TEST(RopeConfig, BothSpellingsAreRead) {
  const std::string source = "config.json";
  const Json old = {{"rope_theta", 500000.0},
                    {"rope_scaling",
                     {{"type", "llama3"},
                      {"factor", 8.0},
                      {"low_freq_factor", 1.0},
                      {"high_freq_factor", 4.0},
                      {"original_max_position_embeddings", 8192}}}};
  const PositionConfig position = read_rope(ConfigReader(old, source), 10000);
  EXPECT_EQ(position.base, 500000);
  EXPECT_EQ(position.scaling, "llama3");
  EXPECT_EQ(position.trained_length, 8192);
  const Json keys = rope_keys(position);
  for (const char* other : {"rope_parameters", "rope_scaling"}) {
    Json one = keys;
    one.erase(other);
    const PositionConfig again = read_rope(ConfigReader(one, source), 10000);
    EXPECT_EQ(again.base, position.base) << other;
    EXPECT_EQ(again.scaling, position.scaling) << other;
    EXPECT_EQ(again.scaling_factor, 8) << other;
    EXPECT_EQ(again.trained_length, 8192) << other;
  }
}

}  // namespace
}  // namespace heed
