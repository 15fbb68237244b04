#include "heed/interop/sentence_directory.h"

#include <gmock/gmock.h>

#include "heed/interop/export_model.h"
#include "heed/interop/test_directory.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SentenceDirectory : public ModelDirectoryTest {
 protected:
  SentenceDirectory() {
    fs::copy(fs::path(HEED_SOURCE_DIR) / "tests" / "data" / "encoders" / "BertModel", directory_);
    write("modules.json", modules);
    fs::create_directory(directory_ / "1_Pooling");
    write("1_Pooling/config.json", R"({"pooling_mode_cls_token": true})");
    write("sentence_bert_config.json", R"({"max_seq_length": 7, "do_lower_case": true})");
  }
  void write(const std::string& name, const std::string& text) const {
    write_file(directory_ / name, text);
  }
  std::string refused() const { return error_of(ErrorKind::bad_data); }

  static constexpr const char* modules = R"([
      {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
      {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
      {"idx": 2, "name": "2", "path": "2_Normalize", "type": "x.models.Normalize"}])";
};

TEST_F(SentenceDirectory, SaysHowTextsBecomeVectors) {
  const LoadedModel loaded = load_model(directory_);
  const SentenceSettings expected{
      .pooling = "cls", .normalise = true, .longest = 7, .lowercase = true};
  EXPECT_EQ(loaded.sentences, expected);
  export_model(loaded, directory_ / "saved");
  EXPECT_EQ(load_model(directory_ / "saved").sentences, expected);
  fs::remove(directory_ / "modules.json");
  EXPECT_FALSE(load_model(directory_).sentences.has_value());
}

TEST_F(SentenceDirectory, TheEncoderMayLieInAFolderOfItsOwn) {
  const fs::path inner = directory_ / "0_Transformer";
  fs::create_directory(inner);
  for (const char* name :
       {"config.json", "model.safetensors", "tokenizer.json", "sentence_bert_config.json"}) {
    fs::rename(directory_ / name, inner / name);
  }
  std::string text = modules;
  text.replace(text.find(R"("path": "")"), 10, R"("path": "0_Transformer")");
  write("modules.json", text);
  const LoadedModel loaded = load_model(directory_);
  EXPECT_EQ(loaded.directory, inner);
  EXPECT_EQ(loaded.sentences->longest, 7);
}

TEST_F(SentenceDirectory, WhatHeedCannotDoIsRefused) {
  write("1_Pooling/config.json",
        R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true})");
  EXPECT_THAT(refused(), HasSubstr("1_Pooling/config.json: 2 ways of pooling"));
  write("1_Pooling/config.json", R"({"pooling_mode_weightedmean_tokens": true})");
  EXPECT_THAT(refused(), HasSubstr("weighted mean"));
  write("1_Pooling/config.json", R"({"pooling_mode": "mean"})");
  EXPECT_EQ(load_model(directory_).sentences->pooling, "mean");
  write("sentence_bert_config.json", R"({"max_seq_length": -7})");
  EXPECT_THAT(refused(), HasSubstr("max_seq_length -7"));
  write("sentence_bert_config.json", R"({"max_seq_length": null})");
  EXPECT_EQ(load_model(directory_).sentences->longest, 0);
  const auto with = [&](const char* from, const char* to) {
    std::string text = modules;
    text.replace(text.find(from), std::string(from).size(), to);
    write("modules.json", text);
    return refused();
  };
  EXPECT_THAT(with("x.models.Normalize", "x.models.Dense"), HasSubstr("module 'Dense'"));
  EXPECT_THAT(with("1_Pooling", "../other"), HasSubstr("path '../other'"));
  EXPECT_THAT(with("models.Transformer", "models.WordEmbeddings"), HasSubstr("no Transformer"));
  EXPECT_THAT(with("models.Pooling", "models.Normalize"), HasSubstr("no module pools"));
  write("modules.json", R"({"a": 1})");
  EXPECT_THAT(refused(), HasSubstr("modules.json: expected a list"));
}

}  // namespace
}  // namespace heed
