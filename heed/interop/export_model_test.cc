#include "heed/interop/export_model.h"

#include <gmock/gmock.h>

#include "heed/base/error.h"
#include "heed/interop/test_directory.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

using ExportModel = ModelDirectoryTest;

TEST_F(ExportModel, RoundsTheWeightsAndSaysSo) {
  Translator model = translator(3);
  save(model, directory_ / "model");
  export_model(load_model(directory_ / "model"), directory_ / "exported",
               {.weights = DType::bfloat16});
  const Json config = Json::parse(read_file(directory_ / "exported" / "config.json"));
  EXPECT_EQ(config["torch_dtype"], "bfloat16");
  EXPECT_EQ(config["architectures"], Json::array({"MarianMTModel"}));
  const SafetensorsFile exact(directory_ / "model" / "model.safetensors");
  const SafetensorsFile rounded(directory_ / "exported" / "model.safetensors");
  ASSERT_EQ(rounded.entries().size(), exact.entries().size());
  for (const SafetensorsEntry& entry : exact.entries()) {
    const Tensor tensor = rounded.tensor(entry.name);
    EXPECT_EQ(tensor.dtype(), DType::bfloat16) << entry.name;
    EXPECT_EQ(tensor.to_doubles(), exact.tensor(entry.name).to(DType::bfloat16).to_doubles());
  }
  const LoadedModel back = load_model(directory_ / "exported");
  EXPECT_EQ(transformers_class(back), "MarianMTModel");
  EXPECT_THAT(export_obstacles(back), ElementsAre());
}

TEST_F(ExportModel, WritesTheFamilyThatIsAskedFor) {
  LanguageModelConfig config = small_language_model_config();
  config.norm = "pre";
  config.norm_kind = "rms";
  config.norm_epsilon = 1e-6;
  config.activation = "swiglu";
  config.position.kind = "rotary";
  config.feed_forward_bias = config.output_bias = config.scale_embeddings = false;
  config.attention.biases = "none";
  LanguageModel model(config, tokenizers_.target->size());
  initialize_parameters(model, 3);
  save_model(model, tokenizers_, text_symbols_for(*tokenizers_.target), {}, directory_ / "model");
  const LoadedModel loaded = load_model(directory_ / "model");
  EXPECT_THAT(export_families(loaded), ElementsAre("llama", "mistral"));
  for (const auto& [family, name] : {std::pair{"llama", "LlamaForCausalLM"},
                                     {"mistral", "MistralForCausalLM"},
                                     {"", "LlamaForCausalLM"}}) {
    const fs::path saved = directory_ / (std::string("as ") + family);
    export_model(loaded, saved, {.family = family});
    EXPECT_EQ(transformers_class(loaded, family), name);
    const LoadedModel back = load_model(saved);
    EXPECT_EQ(transformers_class(back, back.family), name);
    expect_same(*loaded.module, *back.module);
  }
  const auto refusal = [&](const std::string& family) {
    try {
      export_model(loaded, directory_ / "no", {.family = family});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal("qwen2"), HasSubstr("no model of the family qwen2 is like this one: "
                                          "attention.biases is \"none\", not \"qkv\""));
  EXPECT_THAT(refusal("t5"), HasSubstr("is called 't5': gpt2, llama, mistral, qwen2, qwen3"));
  EXPECT_FALSE(path_exists(directory_ / "no"));
}

// Half precision ends at 65504.
TEST_F(ExportModel, RefusesWhatHalfPrecisionCannotHold) {
  Translator model = translator(3);
  save(model, directory_ / "model");
  const LoadedModel loaded = load_model(directory_ / "model");
  export_model(loaded, directory_ / "half", {.weights = DType::float16});
  const SafetensorsFile half(directory_ / "half" / "model.safetensors");
  const SafetensorsFile exact(directory_ / "model" / "model.safetensors");
  for (const SafetensorsEntry& entry : exact.entries()) {
    EXPECT_EQ(half.tensor(entry.name).dtype(), DType::float16);
    const auto a = exact.tensor(entry.name).to_doubles(), b = half.tensor(entry.name).to_doubles();
    for (std::size_t i = 0; i < a.size(); ++i) {
      ASSERT_NEAR(b[i], a[i], std::max(std::abs(a[i]) / 2048, 3e-8)) << entry.name;
    }
  }
  stored_tensors_of(*loaded.module)[0].tensor.values<float>()[0] = 65520;
  try {
    export_model(loaded, directory_ / "too large", {.weights = DType::float16});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("beyond 65504"));
  }
  EXPECT_FALSE(path_exists(directory_ / "too large"));
}

TEST_F(ExportModel, NamesWhatNoOtherProgramCanExpress) {
  TranslatorConfig config = small_config();
  config.norm = "pre";
  config.position.kind = "rotary";
  Translator model = translator(3, -1, config);
  save(model, directory_ / "model");
  const LoadedModel loaded = load_model(directory_ / "model");
  EXPECT_EQ(transformers_class(loaded), "");
  EXPECT_THAT(export_obstacles(loaded),
              ElementsAre("norm is \"pre\", not \"post\"",
                          "position.kind is \"rotary\", not \"sinusoidal\""));
  try {
    export_model(loaded, directory_ / "exported");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("norm is \"pre\", not \"post\"; position.kind is"));
  }
  EXPECT_FALSE(path_exists(directory_ / "exported"));
}

TEST_F(ExportModel, NamesHeadsThatWerePruned) {
  TranslatorConfig config = small_config();
  config.pruned_heads["encoder.0.self"] = {1};
  Translator model = translator(3, -1, config);
  save(model, directory_);
  EXPECT_THAT(export_obstacles(load_model(directory_)),
              ElementsAre("pruned_heads.encoder.0.self is [1]"));
}

TEST_F(ExportModel, NamesWhatKeepsALanguageModelFromTheClosestLayout) {
  LanguageModelConfig config = small_language_model_config();
  config.norm = "pre";
  config.position.kind = "learned";
  LanguageModel model(config, tokenizers_.target->size());
  initialize_parameters(model, 3);
  save_model(model, tokenizers_, text_symbols_for(*tokenizers_.target), {}, directory_ / "model");
  const LoadedModel loaded = load_model(directory_ / "model");
  EXPECT_EQ(transformers_class(loaded), "");
  EXPECT_THAT(export_obstacles(loaded),
              ElementsAre("output_bias is true, not false", "scale_embeddings is true, not false"));
}

TEST_F(ExportModel, ALanguageModelIsOneOfGpt2) {
  LanguageModelConfig config = small_language_model_config();
  config.norm = "pre";
  config.position.kind = "learned";
  config.output_bias = config.scale_embeddings = false;
  config.activation = "gelu_tanh";
  LanguageModel model(config, tokenizers_.target->size());
  initialize_parameters(model, 3);
  save_model(model, tokenizers_, text_symbols_for(*tokenizers_.target), {}, directory_);
  const LoadedModel loaded = load_model(directory_);
  EXPECT_EQ(transformers_class(loaded), "GPT2LMHeadModel");
  EXPECT_THAT(export_obstacles(loaded), testing::IsEmpty());
}

}  // namespace
}  // namespace heed
