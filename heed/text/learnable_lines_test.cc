#include "heed/text/learnable_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/test_corpus.h"
#include "heed/text/vocabulary.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t limit = LearnableLines::line_limit;

std::vector<std::string> learnable(const std::vector<std::string>& lines) {
  const LearnableLines chosen(lines);
  std::vector<std::string> result;
  for (const std::string* line : chosen.lines()) {
    result.push_back(*line);
  }
  return result;
}

std::vector<std::string> remarks_on(const std::vector<std::string>& lines) {
  std::vector<std::string> remarks;
  LearnableLines(lines).tell([&](const std::string& remark) { remarks.push_back(remark); });
  return remarks;
}

TEST(LearnableLines, TakesWhatFitsAsItIs) {
  const std::string longest(limit, 'x');
  EXPECT_THAT(learnable({"one", "", longest, "two"}), ElementsAre("one", longest, "two"));
  EXPECT_THAT(remarks_on({"one", "", longest}), IsEmpty());
}

TEST(LearnableLines, CutsLongLinesBehindSentencesThenSpacesThenCharacters) {
  const std::string a(limit - 10, 'a'), b(limit - 10, 'b');
  EXPECT_THAT(learnable({a + ". b c " + b}), ElementsAre(a + ". ", "b c " + b));
  EXPECT_THAT(learnable({a + "。 b c " + b}), ElementsAre(a + "。", " b c " + b));
  EXPECT_THAT(learnable({a + " b c " + b}), ElementsAre(a + " b c ", b));
  EXPECT_THAT(learnable({a + b}),
              ElementsAre(a + std::string(10, 'b'), std::string(limit - 20, 'b')));
  std::string hanzi;
  for (int i = 0; i < 3000; ++i) {
    hanzi += "漢";
  }
  const auto parts = learnable({hanzi});
  ASSERT_EQ(parts.size(), 3u);  // 1,397 characters fit
  EXPECT_EQ(parts[0].size(), limit - limit % 3);
  for (const std::string& part : parts) {
    EXPECT_FALSE(find_invalid_utf8(part));
  }
  EXPECT_EQ(parts[0] + parts[1] + parts[2], hanzi);
}

TEST(LearnableLines, CountsWhatItCutsAndLeavesOut) {
  const std::string two_parts = std::string(limit, 'x') + " y";
  EXPECT_THAT(remarks_on({"one", two_parts, "a <pad> b", two_parts, "</s>", "<unk>"}),
              ElementsAre("the tokenizer learns from lines of up to 4192 bytes: 2 longer ones were "
                          "cut into 4 parts",
                          "3 lines spell out </s>, <unk> or <pad>, pieces with a meaning of their "
                          "own: the tokenizer does not learn from them"));
  EXPECT_THAT(learnable({"a <pad> b", "c"}), ElementsAre("c"));
}

PairStream one_long_line() {
  return [](const PairVisitor& visit) {
    std::string source, target;
    made_up_corpus(300)([&](std::string_view english, std::string_view german) {
      source.append(english).append(" ");
      target.append(german).append(" ");
    });
    visit(source, target);
  };
}

TEST(LearnableLines, AreEnoughWhereEveryLineIsLong) {
  for (const char* kind : {"sentencepiece-bpe", "sentencepiece-unigram"}) {
    TokenizerConfig config;
    config.kind = kind;
    config.vocabulary_size = 60;
    std::vector<std::string> remarks;
    const TokenizerPair pair = train_tokenizers(
        config, 1, one_long_line(), [&](const std::string& remark) { remarks.push_back(remark); });
    EXPECT_EQ(pair.source->size(), 60) << kind;
    EXPECT_EQ(pair.source->decode(pair.source->encode("two young dogs")), "two young dogs");
    EXPECT_EQ(remarks.size(), 1u);
  }
}

TEST(LearnableLines, WordsThatAreTooLongAreCounted) {
  TokenizerConfig config;
  config.kind = "word";
  config.minimum_frequency = 1;
  const std::string longest(Vocabulary::piece_limit, 'x');
  std::vector<std::string> remarks;
  const auto remember = [&](const std::string& remark) { remarks.push_back(remark); };
  train_tokenizers(
      config, 1, [&](const PairVisitor& visit) { visit(longest, "b"); }, remember);
  EXPECT_THAT(remarks, IsEmpty());
  train_tokenizers(
      config, 1, [&](const PairVisitor& visit) { visit("a " + longest + "y", longest + "z b"); },
      remember);
  EXPECT_THAT(remarks, ElementsAre("2 words are longer than 4096 bytes and stay unknown"));
}

}  // namespace
}  // namespace heed
