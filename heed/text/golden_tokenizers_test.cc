// Tokenizers in real use, and the ids that their own programs give. Needs HEED_DATA, a directory
// with tokenizers/ in it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/text/tokenizer_files.h"

namespace heed {
namespace {

std::string unzip(const std::filesystem::path& path) {
  std::string text;
  char buffer[1 << 16];
  FILE* output = ::popen(("gzip -dc '" + path.string() + "'").c_str(), "r");
  for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, output)) > 0;) {
    text.append(buffer, size);
  }
  EXPECT_EQ(::pclose(output), 0) << "gzip -dc " << path;
  return text;
}

class GoldenTokenizers : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("HEED_DATA");
    if (data == nullptr) {
      GTEST_SKIP() << "HEED_DATA is not set: needs a directory with tokenizers in it";
    }
    data_ = std::filesystem::path(data) / "tokenizers";
    ASSERT_TRUE(std::filesystem::is_directory(data_)) << data_ << ": no such directory (HEED_DATA)";
  }

  void expect_golden(const Tokenizer& tokenizer, const std::string& name) const {
    const std::string lines = read_file(data_ / name);
    int count = 0;
    for (std::size_t begin = 0; begin < lines.size(); ++count) {
      const std::size_t end = lines.find('\n', begin);
      const Json json = parse_json(lines.substr(begin, end - begin), name);
      const auto text = json["text"].get<std::string>();
      ASSERT_EQ(tokenizer.encode(text), json["ids"].get<std::vector<int>>()) << text;
      begin = end + 1;
    }
    EXPECT_EQ(count, 470);
  }

  std::filesystem::path data_;
};

TEST_F(GoldenTokenizers, Gpt2FromVocabularyAndMerges) {
  const ModelFiles files = {{"vocab.json", unzip(data_ / "gpt2.vocab.json.gz")},
                            {"merges.txt", read_file(data_ / "gpt2.merges.txt")}};
  const auto tokenizer = load_tokenizers(TokenizerFiles(files, "gpt2")).source;
  EXPECT_EQ(tokenizer->size(), 50257);
  EXPECT_EQ(tokenizer->end_id(), 50256);
  EXPECT_EQ(tokenizer->unknown_id(), -1);
  EXPECT_EQ(tokenizer->pad_id(), -1);
  EXPECT_FALSE(tokenizer->begin_id());
  expect_golden(*tokenizer, "golden_gpt2.jsonl");
  const std::string text = "Hello<|endoftext|> wörld\n\n 日本🙂";
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
  EXPECT_EQ(tokenizer->encode_marked("a<|endoftext|>"), (std::vector{64, 50256}));
  // What it is saved as is the same tokenizer.
  const auto again =
      load_tokenizers(TokenizerFiles(tokenizer_files({tokenizer, tokenizer, true}), "saved"));
  EXPECT_EQ(again.source->fingerprint(), tokenizer->fingerprint());
  EXPECT_EQ(again.source->end_id(), 50256);
  expect_golden(*again.source, "golden_gpt2.jsonl");
}

TEST_F(GoldenTokenizers, MistralFromItsSentencePieceModel) {
  const ModelFiles files = {{"tokenizer.model", read_file(data_ / "mistral-v1.tokenizer.model")}};
  const auto tokenizer = load_tokenizers(TokenizerFiles(files, "mistral")).source;
  EXPECT_EQ(tokenizer->size(), 32000);
  EXPECT_EQ(tokenizer->begin_id(), 1);
  EXPECT_EQ(tokenizer->end_id(), 2);
  EXPECT_EQ(tokenizer->unknown_id(), 0);
  EXPECT_EQ(tokenizer->pad_id(), -1);
  expect_golden(*tokenizer, "golden_mistral-v1.jsonl");
}

TEST_F(GoldenTokenizers, AlbertFromItsSentencePieceModel) {
  const ModelFiles files = {{"spiece.model", read_file(data_ / "albert-base-v1.spiece.model")}};
  const auto tokenizer = load_tokenizers(TokenizerFiles(files, "albert")).source;
  EXPECT_FALSE(tokenizer->begin_id());
  expect_golden(*tokenizer, "golden_albert-v1.jsonl");
}

// Its vocab.txt, with the steps that Transformers puts around it.
TEST_F(GoldenTokenizers, BertAsTokenizerJson) {
  Json json = parse_json(
      R"({"normalizer": {"type": "BertNormalizer", "clean_text": true, "lowercase": true,
          "handle_chinese_chars": true, "strip_accents": null},
          "pre_tokenizer": {"type": "BertPreTokenizer"},
          "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
          "max_input_chars_per_word": 100}})",
      "bert");
  const std::string lines = read_file(data_ / "bert-base-uncased.vocab.txt");
  auto& vocabulary = (json["model"]["vocab"] = Json::object()).get_ref<Json::object_t&>();
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    vocabulary.emplace_back(lines.substr(begin, end - begin), vocabulary.size());
    begin = end + 1;
  }
  const ModelFiles files = {{"tokenizer.json", json.dump()}};
  const auto tokenizer = load_tokenizers(TokenizerFiles(files, "bert")).source;
  EXPECT_EQ(tokenizer->size(), 30522);
  const std::string name = "golden_bert-base-uncased_question_";
  const Json questions = parse_json(unzip(data_ / (name + "tokens.json.gz")), "questions");
  const Json ids = parse_json(unzip(data_ / (name + "ids.json.gz")), "ids");
  ASSERT_EQ(questions.size(), 10570u);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto text = questions[i]["original"].get<std::string>();
    ASSERT_EQ(tokenizer->encode(text), ids[i].get<std::vector<int>>()) << text;
  }
}

}  // namespace
}  // namespace heed
