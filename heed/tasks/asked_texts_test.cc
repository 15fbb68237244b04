// Questions made ready for a model that answers them: windows, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/tasks/asked_texts.h"
#include "heed/text/tokenizer.h"

namespace heed {
namespace {

using testing::HasSubstr;

// Each character a token, with its place.
class Letters : public Tokenizer {
 public:
  std::vector<int> encode(std::string_view line) const override {
    return encode_with_spans(line).ids;
  }
  SpannedTokens encode_with_spans(std::string_view line) const override {
    SpannedTokens tokens;
    for (std::uint32_t i = 0; i < line.size(); ++i) {
      tokens.ids.push_back(static_cast<unsigned char>(line[i]) % 64);
      tokens.spans.push_back({i, i + 1});
    }
    return tokens;
  }
  TextFrame frame() const override {
    using Part = TextFrame::Part;
    const Part mark{.kind = Part::Kind::token, .id = 0};
    return {.single = {mark, {Part::Kind::first}},
            .pair = {mark, {Part::Kind::first}, mark, {Part::Kind::second, -1, 1}}};
  }
  std::string decode(std::span<const int>) const override { return {}; }
  std::string piece(int) const override { return {}; }
  int size() const override { return 64; }
  int end_id() const override { return -1; }
  int unknown_id() const override { return -1; }
  int pad_id() const override { return -1; }
  ModelFiles files(Side) const override { return {}; }
  std::string tokenizer_class() const override { return "Letters"; }
  std::string kind() const override { return "letters"; }
  std::uint64_t fingerprint() const override { return 1; }
};

AskedContext context_of(const std::string& text, std::size_t begin, std::size_t end) {
  return {.context = text,
          .questions = {{.id = "7",
                         .question = "who",
                         .answers = {text.substr(begin, end - begin)},
                         .spans = {{begin, end}}}}};
}

TEST(AskedTexts, AnswersAreRowsOfWindows) {
  register_cpu_backend();
  const AskedContext asked = context_of("abcdefghijklmnop", 6, 8);
  const AskedTexts texts({&asked, 1}, Letters(), {.longest = 13, .windows = true, .stride = 4},
                         true);
  // Two special tokens and three of the question leave eight for the context.
  ASSERT_EQ(texts.windows().size(), 3u);
  EXPECT_EQ(texts.framed()[0].ids.size(), 13u);
  EXPECT_EQ(texts.windows()[0].first_row, 5);
  EXPECT_EQ(texts.windows()[0].begin, 11);
  EXPECT_EQ(texts.windows()[0].end, 12);
  EXPECT_EQ(texts.windows()[1].begin, 7);  // from the fifth letter on
  EXPECT_EQ(texts.windows()[1].spans[2].begin, 6u);
  EXPECT_EQ(texts.windows()[2].begin, 0);  // beyond the answer
  EXPECT_EQ(texts.windows()[2].end, 0);
  const std::vector<std::uint32_t> all = {0, 1, 2};
  const auto batch = texts.make(all, 0);
  EXPECT_EQ(batch->predictions, 6);
  EXPECT_EQ(batch->tokens, 39);
}

TEST(AskedTexts, WhatCannotBeAskedIsRefused) {
  const AskedContext asked = context_of("abc", 0, 1);
  const auto refusal = [&](const AskedContext& context, std::int64_t longest, bool learns) {
    try {
      AskedTexts({&context, 1}, Letters(), {.longest = longest, .windows = true}, learns);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data);
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal(asked, 5, true),
              HasSubstr("question 7: its 3 tokens and 2 special ones leave no room"));
  EXPECT_EQ(refusal(asked, 6, true), "none");
  AskedContext without = asked;
  without.questions[0].answers.clear();
  without.questions[0].spans.clear();
  EXPECT_THAT(refusal(without, 20, true), HasSubstr("question 7: has no answer"));
  EXPECT_EQ(refusal(without, 20, false), "none");
}

}  // namespace
}  // namespace heed
