#include "heed/text/bert_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/error.h"
#include "heed/text/test_hard_lines.h"
#include "heed/text/tokenizer_files.h"

namespace heed {
namespace {

using testing::ElementsAre;

// The pieces of tokenizer.json's `bert`, a line each.
std::string vocabulary_lines() {
  const Json model = read_tokenizer_fixture("models.json")["word_piece"];
  std::vector<std::string> pieces(model["vocab"].size());
  for (const auto& [piece, id] : model["vocab"].items()) {
    pieces[id.get<std::size_t>()] = piece;
  }
  std::string lines;
  for (const std::string& piece : pieces) {
    lines += piece + "\n";
  }
  return lines;
}

std::shared_ptr<const Tokenizer> load(const ModelFiles& files) {
  return load_tokenizers(TokenizerFiles(files, "directory")).source;
}

TEST(BertTokenizer, AListOfPiecesIsTheSameAsTokenizerJson) {
  Json variant = read_tokenizer_fixture("variants.json")["bert"];
  Json json = variant["json"];
  json["model"] = read_tokenizer_fixture("models.json")["word_piece"];
  const auto expected = load({{"tokenizer.json", json.dump()}});
  const auto tokenizer = load({{"vocab.txt", vocabulary_lines()}});
  const auto saved = load(tokenizer->files(Side::source));
  for (const std::string& line : hard_lines()) {
    const std::vector<int> ids = expected->encode(line);
    ASSERT_EQ(tokenizer->encode(line), ids) << line;
    ASSERT_EQ(saved->encode(line), ids) << line;
    ASSERT_EQ(tokenizer->encode_marked(line), expected->encode_marked(line)) << line;
  }
  EXPECT_EQ(tokenizer->frame().single, expected->frame().single);
  EXPECT_EQ(saved->frame(), tokenizer->frame());
  for (const auto& each : {tokenizer, saved}) {
    EXPECT_EQ(each->mask_id(), 4);
    EXPECT_EQ(each->pad_id(), 0);
    EXPECT_EQ(each->unknown_id(), 1);
  }
  const std::vector<int> a = {7}, b = {8, 9};
  const FramedText pair = tokenizer->frame().put(a, b);
  EXPECT_THAT(pair.ids, ElementsAre(2, 7, 3, 8, 9, 3));
  EXPECT_THAT(pair.segments, ElementsAre(0, 0, 0, 1, 1, 1));
}

TEST(BertTokenizer, ItsSettingsAreRead) {
  const std::string pieces = "[PAD]\n[UNK]\n<cls>\n<sep>\n[MASK]\nThe\nthe\nÉ\n漢\n";
  const auto tokenizer =
      load({{"vocab.txt", pieces},
            {"tokenizer_config.json",
             R"({"tokenizer_class": "BertTokenizer", "do_lower_case": false, "cls_token": "<cls>",
                 "sep_token": {"content": "<sep>"}, "tokenize_chinese_chars": false})"}});
  EXPECT_THAT(tokenizer->encode("The the É 漢漢 [MASK]"), ElementsAre(5, 6, 7, 1, 1, 1, 1));
  EXPECT_THAT(tokenizer->encode_marked("the[MASK]"), ElementsAre(6, 4));
  EXPECT_THAT(tokenizer->frame().put(std::vector<int>{6}).ids, ElementsAre(2, 6, 3));
}

TEST(BertTokenizer, DamagedListsAreRefused) {
  const auto refused = [](const std::string& pieces) {
    try {
      load({{"vocab.txt", pieces}});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refused("[PAD]\n[UNK]\n[CLS]\n"), testing::HasSubstr("\"[SEP]\" is not among"));
  EXPECT_THAT(refused("[PAD]\n[UNK]\n[CLS]\n[SEP]\n\xFF\n"), testing::HasSubstr("invalid UTF-8"));
  EXPECT_THAT(refused("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n"), testing::HasSubstr("a"));
}

}  // namespace
}  // namespace heed
