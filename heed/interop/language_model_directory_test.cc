#include "heed/interop/language_model_directory.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "heed/backends/cpu/register.h"
#include "heed/base/files.h"
#include "heed/formats/safetensors.h"
#include "heed/interop/translator_directory.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LanguageModelDirectory : public testing::Test {
 protected:
  LanguageModelDirectory()
      : directory_(fs::path(testing::TempDir()) /
                   ("heed_language_model_" + std::to_string(::getpid()))) {
    register_cpu_backend();
    const auto tokenizer = std::make_shared<const ByteTokenizer>();
    tokenizers_ = {tokenizer, tokenizer, true};
    config_.d_model = 8;
    config_.decoder_layers = 2;
    config_.heads = 2;
    config_.feed_forward_size = 12;
    config_.norm = "pre";
    config_.position.kind = "t5";
    model_ = std::make_unique<LanguageModel>(config_, tokenizer->size());
    initialize_parameters(*model_, 3);
    fs::create_directories(directory_);
    for (const auto& [name, content] : language_model_files(*model_, tokenizers_)) {
      write_file(directory_ / name, content);
    }
    write_safetensors(directory_ / "model.safetensors", stored_tensors_of(*model_),
                      {{"format", "pt"}});
  }
  ~LanguageModelDirectory() override { fs::remove_all(directory_); }

  template <typename Load>
  std::string error_of(ErrorKind kind, Load&& load) const {
    try {
      load(directory_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "none";
  }

  // Changes config.json.
  template <typename Change>
  void edit(Change&& change) const {
    Json json = Json::parse(read_file(directory_ / "config.json"));
    change(json);
    write_file(directory_ / "config.json", json.dump());
  }

  fs::path directory_;
  TokenizerPair tokenizers_;
  TranslatorConfig config_;
  std::unique_ptr<LanguageModel> model_;
};

TEST_F(LanguageModelDirectory, ComesBackAsItWas) {
  EXPECT_TRUE(holds_language_model(directory_));
  const LoadedLanguageModel loaded = load_language_model(directory_);
  EXPECT_EQ(config_to_json(loaded.model->config()), config_to_json(model_->config()));
  const auto expected = stored_tensors_of(*model_), got = stored_tensors_of(*loaded.model);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].name, expected[i].name);
    EXPECT_EQ(got[i].tensor.to_doubles(), expected[i].tensor.to_doubles()) << got[i].name;
  }
}

TEST_F(LanguageModelDirectory, IsNoTranslators) {
  EXPECT_THAT(error_of(ErrorKind::usage, load_translator),
              HasSubstr("holds a language model, and a translator is needed here"));
  edit([](Json& json) { json["model_type"] = "marian"; });
  EXPECT_FALSE(holds_language_model(directory_));
  EXPECT_THAT(error_of(ErrorKind::usage, load_language_model), HasSubstr("no language model"));
}

TEST_F(LanguageModelDirectory, DamageIsNamed) {
  edit([](Json& json) { json["heed"]["heads"] = 3; });
  EXPECT_THAT(error_of(ErrorKind::bad_data, load_language_model),
              HasSubstr("config.json: model.d_model: 8 is not divisible"));
  edit([](Json& json) {
    json["heed"]["heads"] = 2;
    json["heed"]["feed_forward_size"] = 1 << 30;
  });
  EXPECT_THAT(error_of(ErrorKind::bad_data, load_language_model), HasSubstr("bytes of weights"));
  edit([](Json& json) {
    json["heed"]["feed_forward_size"] = 12;
    json["vocab_size"] = 260;
  });
  EXPECT_THAT(error_of(ErrorKind::bad_data, load_language_model),
              HasSubstr("a vocabulary of 260 pieces, but the tokenizer has 259"));
  edit([](Json& json) { json["vocab_size"] = "many"; });
  EXPECT_THAT(error_of(ErrorKind::bad_data, load_language_model), HasSubstr("vocab_size"));
  edit([](Json& json) { json["model_type"] = 7; });
  EXPECT_FALSE(holds_language_model(directory_));
}

}  // namespace
}  // namespace heed
