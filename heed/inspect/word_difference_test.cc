#include "heed/inspect/word_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heed {
namespace {

using ::testing::ElementsAre;

// The pieces with brackets around those that differ.
std::string bracketed(const std::vector<TextPiece>& pieces) {
  std::string text;
  for (const TextPiece& piece : pieces) {
    text += piece.differs ? "[" + piece.text + "]" : piece.text;
  }
  return text;
}

TEST(SplitUnits, SeparatesWordsSpacesAndPunctuation) {
  EXPECT_THAT(split_units("Ein  Hund, der—bellt."),
              ElementsAre("Ein", "  ", "Hund", ",", " ", "der", "—", "bellt", "."));
  EXPECT_THAT(split_units("don't 2021-03 'so'"),
              ElementsAre("don't", " ", "2021", "-", "03", " ", "'", "so", "'"));
  EXPECT_THAT(split_units(""), ElementsAre());
}

TEST(SplitUnits, TakesUnspacedScriptsByCharacter) {
  EXPECT_THAT(split_units("三月3日"), ElementsAre("三", "月", "3", "日"));
  EXPECT_THAT(split_units("ที่นี่"), ElementsAre("ที่", "นี่"));
}

TEST(SplitUnits, JoinedUnitsGiveTheText) {
  const std::string text = " Żółć\u0301 🙂🙂 مرحبا، 12.5 %\n";
  std::string joined;
  for (const std::string& unit : split_units(text)) {
    joined += unit;
  }
  EXPECT_EQ(joined, text);
}

TEST(CompareWords, MarksWhatIsNotShared) {
  const auto difference = compare_words("the cat sat on the mat .", "the dog sat on a mat .");
  EXPECT_EQ(bracketed(difference.reference), "the [cat] sat on [the] mat .");
  EXPECT_EQ(bracketed(difference.hypothesis), "the [dog] sat on [a] mat .");
}

TEST(CompareWords, JoinsNeighbouringMarks) {
  const auto difference = compare_words("a b c d", "a x y d");
  EXPECT_EQ(bracketed(difference.reference), "a [b c] d");
  EXPECT_EQ(bracketed(difference.hypothesis), "a [x y] d");
}

TEST(CompareWords, HandlesEqualAndEmptyTexts) {
  EXPECT_EQ(bracketed(compare_words("same words", "same words").hypothesis), "same words");
  EXPECT_EQ(bracketed(compare_words("", "new").hypothesis), "[new]");
  EXPECT_EQ(bracketed(compare_words("gone", "").reference), "[gone]");
  EXPECT_TRUE(compare_words("", "").reference.empty());
}

TEST(CompareWords, FindsALongestSubsequence) {
  const auto difference = compare_words("x a b c y", "a q b z c");
  EXPECT_EQ(bracketed(difference.hypothesis), "a [q] b [z] c");
}

TEST(CompareWords, BoundsTheWorkOnLongTexts) {
  std::string reference = "start ";
  std::string hypothesis = "start ";
  for (int i = 0; i < 20000; ++i) {
    reference += "a b ";
    hypothesis += "b a ";
  }
  const auto difference = compare_words(reference + "end", hypothesis + "end");
  EXPECT_FALSE(difference.reference.front().differs);
  EXPECT_FALSE(difference.reference.back().differs);
  EXPECT_EQ(difference.reference.size(), 3u);
}

}  // namespace
}  // namespace heed
