#include "heed/tasks/line_translator.h"

#include <gtest/gtest.h>

#include <numeric>

#include "heed/base/error.h"

namespace heed {
namespace {

using Parts = std::pair<std::string_view, std::string_view>;

TEST(CutInTwo, PrefersTheEndOfASentenceNearTheMiddle) {
  EXPECT_EQ(cut_in_two("One two three. Four five six seven."),
            Parts("One two three.", "Four five six seven."));
  EXPECT_EQ(cut_in_two("Is it so?  \t No, never at all."), Parts("Is it so?", "No, never at all."));
  EXPECT_EQ(cut_in_two("今天天气好。明天也好。"), Parts("今天天气好。", "明天也好。"));
}

TEST(CutInTwo, ElseAtWhiteSpaceElseBetweenCharacters) {
  EXPECT_EQ(cut_in_two("A. one two three four five six seven"),
            Parts("A. one two three", "four five six seven"));
  EXPECT_EQ(cut_in_two("aaaa\u2003bb"), Parts("aaaa", "bb"));
  EXPECT_EQ(cut_in_two("x abcdefghijklmnop"), Parts("x", "abcdefghijklmnop"));
  EXPECT_EQ(cut_in_two("äöüß"), Parts("äö", "üß"));
  EXPECT_EQ(cut_in_two("3.1415 2.7182"), Parts("3.1415", "2.7182"));
}

TEST(CutInTwo, WhiteSpaceAtTheEndsIsNoPlaceToCut) {
  EXPECT_EQ(cut_in_two("ab.   "), Parts("ab", ".   "));
  EXPECT_THROW(cut_in_two("x"), Error);
  EXPECT_THROW(cut_in_two(" "), Error);
}

TEST(CutInTwo, LosesNothingButWhiteSpaceAtCuts) {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += (i % 13 == 12 ? "end. " : "word") + std::to_string(i) + " ";
  }
  text += "last";
  std::vector<std::string> pieces = {text};
  for (std::size_t i = 0; i < pieces.size();) {
    if (pieces[i].size() <= 40) {
      ++i;
      continue;
    }
    const auto [first, second] = cut_in_two(pieces[i]);
    ASSERT_FALSE(first.empty() || second.empty());
    const std::string head(first), tail(second);
    pieces[i] = tail;
    pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(i), head);
  }
  const std::string joined =
      std::accumulate(pieces.begin() + 1, pieces.end(), pieces.front(),
                      [](const std::string& a, const std::string& b) { return a + " " + b; });
  EXPECT_EQ(joined, text);
}

}  // namespace
}  // namespace heed
