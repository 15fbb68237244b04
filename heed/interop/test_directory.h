// For the tests of this folder: small models over bytes, and a directory that they are saved into.
#pragma once

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "heed/backends/cpu/register.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/json_forward.h"
#include "heed/base/json_leaves.h"
#include "heed/formats/safetensors.h"
#include "heed/formats/sharded_safetensors.h"
#include "heed/interop/load_model.h"
#include "heed/models/language_model.h"
#include "heed/models/translator.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {

class ModelDirectoryTest : public testing::Test {
 protected:
  ModelDirectoryTest() {
    register_cpu_backend();
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("heed_") + test->test_suite_name() + "_" + test->name() + "_" +
                       std::to_string(::getpid());
    std::replace(name.begin(), name.end(), '/', '_');
    directory_ = std::filesystem::path(testing::TempDir()) / name;
    const auto tokenizer = std::make_shared<const ByteTokenizer>();
    tokenizers_ = {tokenizer, tokenizer, true};
  }
  ~ModelDirectoryTest() override { std::filesystem::remove_all(directory_); }

  static TranslatorConfig small_config() {
    TranslatorConfig config;
    make_small(config);
    config.encoder_layers = 1;
    config.decoder_layers = 2;
    return config;
  }
  static LanguageModelConfig small_language_model_config() {
    LanguageModelConfig config;
    make_small(config);
    config.layers = 2;
    return config;
  }
  static void make_small(StackConfig& config) {
    config.d_model = 8;
    config.heads = 2;
    config.feed_forward_size = 12;
    config.max_length = 20;
  }
  // With a start symbol of its own, if asked for.
  Translator translator(std::uint64_t seed, int start = -1,
                        const TranslatorConfig& config = small_config()) const {
    TextSymbols symbols = symbols_for(tokenizers_);
    symbols.start = start < 0 ? symbols.start : start;
    const int size = tokenizers_.source->size();
    Translator model(config, {size, size, symbols});
    initialize_parameters(model, seed);
    return model;
  }
  void save(Translator& model, const std::filesystem::path& directory) const {
    save_model(model, tokenizers_, model.vocabulary().symbols, {}, directory);
  }

  // Changes a file of JSON in the directory.
  template <typename Change>
  void edit(const std::string& name, Change&& change) const {
    Json json = Json::parse(read_file(directory_ / name));
    change(json);
    write_file(directory_ / name, json.dump());
  }

  std::string error_of(ErrorKind kind) const {
    try {
      load_model(directory_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "none";
  }

  // The weights of the directory, owned, to be written in another way.
  std::vector<NamedTensor> weights() const {
    const SafetensorsFile file(directory_ / "model.safetensors");
    std::vector<NamedTensor> tensors;
    for (const SafetensorsEntry& entry : file.entries()) {
      tensors.push_back({entry.name, file.tensor(entry.name).clone()});
    }
    return tensors;
  }
  void write_weights(const std::vector<NamedTensor>& tensors) const {
    write_safetensors(directory_ / "model.safetensors", tensors, {{"format", "pt"}});
  }

  static void expect_same(Module& expected, Module& got) {
    const auto first = stored_tensors_of(expected), second = stored_tensors_of(got);
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(first[i].name, second[i].name);
      EXPECT_EQ(first[i].tensor.to_doubles(), second[i].tensor.to_doubles()) << first[i].name;
    }
  }

  // `saved` has the tensors and the keys that Transformers wrote for the same model into `theirs`:
  // no other tensor, and of other keys only what earlier versions ask for and heed's own.
  static void expect_same_layout(const std::filesystem::path& theirs,
                                 const std::filesystem::path& saved) {
    const SafetensorsModel expected(theirs), got(saved);
    ASSERT_EQ(got.names().size(), expected.names().size());
    for (const std::string& name : expected.names()) {
      const Tensor a = expected.tensor(name), b = got.tensor(name);
      EXPECT_EQ(b.dtype(), a.dtype()) << name;
      EXPECT_EQ(b.shape(), a.shape()) << name;
      EXPECT_EQ(b.to_doubles(), a.to_doubles()) << name;
    }
    const Json keys = Json::parse(read_file(theirs / "config.json"));
    const std::vector<std::string> more = {"heed",
                                           "torch_dtype",
                                           "head_dim",
                                           "rope_theta",
                                           "rope_scaling",
                                           "decoder_vocab_size",
                                           "is_encoder_decoder",
                                           "n_positions",
                                           "partial_rotary_factor"};
    const Json written = Json::parse(read_file(saved / "config.json"));
    for (const auto& item : written.items()) {
      if (const auto known = keys.find(item.key()); known != keys.end()) {
        // Of what null stands for, ours says the value.
        const auto leaves = json_leaves({{item.key(), item.value()}});
        for (const auto& [key, value] : json_leaves({{item.key(), *known}})) {
          EXPECT_TRUE(value == "null" || leaves.at(key) == value) << key << ": " << value;
        }
      } else {
        EXPECT_THAT(more, testing::Contains(item.key()));
      }
    }
  }

  std::filesystem::path directory_;
  TokenizerPair tokenizers_;
};

}  // namespace heed
