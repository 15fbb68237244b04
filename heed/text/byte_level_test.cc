#include "heed/text/byte_level.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "heed/base/thread_pool.h"
#include "heed/text/byte_level_bpe.h"
#include "heed/text/piece_labels.h"
#include "heed/text/test_hard_lines.h"
#include "heed/text/tokenizer_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> gpt2_words(std::string_view text) {
  std::vector<std::string> words;
  split_like_gpt2(text, [&](std::size_t begin, std::size_t end) {
    words.emplace_back(text.substr(begin, end - begin));
  });
  return words;
}

TEST(ByteLevel, CutsWordsAsGpt2Does) {
  EXPECT_THAT(gpt2_words("Hello world's 12 dogs'll"),
              ElementsAre("Hello", " world", "'s", " 12", " dogs", "'ll"));
  EXPECT_THAT(gpt2_words("a  b   \n c"), ElementsAre("a", " ", " b", "   \n", " c"));
  EXPECT_THAT(gpt2_words("x\n\ny \t"), ElementsAre("x", "\n", "\n", "y", " \t"));
  EXPECT_THAT(gpt2_words(" 'tis I'M 'vex"), ElementsAre(" '", "tis", " I", "'", "M", " '", "vex"));
  EXPECT_THAT(gpt2_words("naïve½x...日本\u00a0é"),
              ElementsAre("naïve", "½", "x", "...", "日本", "\u00a0", "é"));
  EXPECT_THAT(gpt2_words("e\u0301 🙂🙂"), ElementsAre("e", "\u0301", " 🙂🙂"));
  EXPECT_THAT(gpt2_words(" "), ElementsAre(" "));
  EXPECT_THAT(gpt2_words(""), ElementsAre());
}

TEST(ByteLevel, SpellsEveryByte) {
  EXPECT_EQ(spell_bytes(" a\n\x7F\xAD\xFF"), "ĠaĊġŃÿ");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all += static_cast<char>(byte);
  }
  EXPECT_EQ(spelled_bytes(spell_bytes(all)), all);
  EXPECT_EQ(spelled_bytes("a b"), std::nullopt);
  EXPECT_EQ(spelled_bytes("日"), std::nullopt);
}

// Numbers of replacement characters as Python's bytes.decode("utf-8", "replace") has them.
TEST(ByteLevel, ReplacesWhatIsNoText) {
  EXPECT_EQ(replace_invalid_utf8("aß"), "aß");
  EXPECT_EQ(replace_invalid_utf8("a\xC3"), "a\uFFFD");
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82z"), "\uFFFDz");
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\x98"), "\uFFFD");
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\xE2\x82\xAC"), "\uFFFD€");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(replace_invalid_utf8("\xF5\x80\xC0\xAF"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(replace_invalid_utf8("\xE0\x80\x80"), "\uFFFD\uFFFD\uFFFD");
}

TEST(ByteLevel, LabelsShowWhatPiecesSpell) {
  const auto tokenizer = make_byte_level_tokenizer(
      {.pieces = {"ĠÃ©", "Ċ", "ĉ", "Ã", "Ġthe", "<|end|>"}, .merges = {}}, "labels");
  EXPECT_THAT(piece_labels(*tokenizer, std::vector<std::int32_t>{0, 1, 2, 3, 4, 5}),
              ElementsAre("▁é", "⏎", "⇥", "Ã", "▁the", "<|end|>"));
}

TEST(ByteLevel, SeveralThreadsMayShareATokenizer) {
  const Json variant = read_tokenizer_fixture("variants.json")["gpt2"];
  Json json = variant["json"];
  json["model"] = read_tokenizer_fixture("models.json")["byte_level"];
  const auto load = [&] {
    return load_tokenizers(TokenizerFiles({{"tokenizer.json", json.dump()}}, "shared")).source;
  };
  std::vector<std::string> lines = hard_lines();
  lines.resize(500);
  const auto alone = load(), shared = load();
  std::vector<std::vector<int>> found(4 * lines.size());
  ThreadPool pool(4);
  pool.run(static_cast<std::int64_t>(found.size()), [&](std::int64_t i) {
    const auto index = static_cast<std::size_t>(i);
    found[index] = shared->encode(lines[index % lines.size()]);
  });
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i], alone->encode(lines[i % lines.size()]));
  }
}

}  // namespace
}  // namespace heed
