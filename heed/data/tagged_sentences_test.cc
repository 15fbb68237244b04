#include "heed/data/tagged_sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/data/test_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TaggedSentencesTest : public FileTest {
 protected:
  std::vector<TaggedSentence> read(const std::string& name, const std::string& content,
                                   const TaggedTextConfig& config = {}) {
    check_tagged_text_config(config);
    const std::filesystem::path file = write(name, content);
    return read_tagged_sentences({&file, 1}, config);
  }
  std::string refusal(const std::string& content, const TaggedTextConfig& config = {}) {
    return error_of(ErrorKind::bad_data, [&] { read("a.conll", content, config); });
  }
};

TEST_F(TaggedSentencesTest, BlankLinesMayHoldWhiteSpace) {
  const auto sentences = read("a.conll", "\nA\tO\nLondon\tB-location\n\t\nx y\tO\r\n\n\n");
  ASSERT_EQ(sentences.size(), 2u);
  EXPECT_THAT(sentences[0].words, ElementsAre("A", "London"));
  EXPECT_THAT(sentences[0].tags, ElementsAre("O", "B-location"));
  EXPECT_THAT(sentences[1].words, ElementsAre("x y"));
  EXPECT_THAT(sentences[1].place, HasSubstr("a.conll:5"));
}

TEST_F(TaggedSentencesTest, ColumnsPartedByBlanks) {
  const auto sentences = read("a.txt", "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\n", {.tag = 2});
  ASSERT_EQ(sentences.size(), 1u);
  EXPECT_THAT(sentences[0].tags, ElementsAre("NNP"));
  EXPECT_THAT(read("a.txt", "EU  NNP I-NP B-ORG\n")[0].tags, ElementsAre("B-ORG"));
}

TEST_F(TaggedSentencesTest, UniversalDependencies) {
  const std::string rest = "\t_\t_\t_\t_\t_\t_\n";
  const auto sentences =
      read("a.conllu", "# newdoc id = 1\n1-2\tdon't\t_\t_" + rest + "1\tdo\tdo\tAUX" + rest +
                           "2\tn't\tnot\tPART" + rest + "2.1\tgo\tgo\tVERB" + rest + "\n");
  ASSERT_EQ(sentences.size(), 1u);
  EXPECT_THAT(sentences[0].words, ElementsAre("do", "n't"));
  EXPECT_THAT(sentences[0].tags, ElementsAre("AUX", "PART"));
}

TEST_F(TaggedSentencesTest, WhatIsWrongIsTold) {
  EXPECT_THAT(refusal("a\tO\nb\tx\tO\n"), HasSubstr("a.conll:2: 3 columns, but 2 before"));
  EXPECT_THAT(refusal("a\n"), HasSubstr("a.conll:1: 1 column, expected at least 2"));
  EXPECT_THAT(refusal("a\tO\n", {.tag = 3}), HasSubstr("2 columns, expected at least 3"));
  EXPECT_THAT(refusal("a\t\n"), HasSubstr("a.conll:1: the tag (column 2) is empty"));
  EXPECT_THAT(refusal("\tO\n"), HasSubstr("a.conll:1: the word (column 1) is empty"));
  EXPECT_THAT(refusal("\n\n"), HasSubstr("holds no sentences"));
}

}  // namespace
}  // namespace heed
