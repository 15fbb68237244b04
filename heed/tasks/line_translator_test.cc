#include "heed/tasks/line_translator.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>

#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/base/test_linear_time.h"
#include "heed/generation/test_table_model.h"
#include "heed/text/byte_tokenizer.h"

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

TEST(CutInTwo, TakesLinearTime) {
  expect_linear_time("a cut", [](const std::string& text) {
    try {
      cut_in_two(text);
    } catch (const Error&) {  // of white space alone
    }
  });
}

// A model that writes the bytes of a text, whatever it reads.
std::unique_ptr<TableModel> writer_of(std::string_view text) {
  const ByteTokenizer bytes;
  const int vocabulary = bytes.size(), end = bytes.end_id();
  const int first_byte = bytes.encode("a").front() - 'a';
  return std::make_unique<TableModel>(vocabulary, [=](const Prefix&, const Prefix& prefix) {
    std::vector<double> logits(static_cast<std::size_t>(vocabulary));
    const std::size_t place = prefix.size();
    const int next =
        place < text.size() ? first_byte + static_cast<unsigned char>(text[place]) : end;
    logits[static_cast<std::size_t>(next)] = 50;
    return logits;
  });
}

TEST(LineTranslator, WritesOneLineForEachWhateverTheModelSpells) {
  register_reference_backend();
  const auto bytes = std::make_shared<const ByteTokenizer>();
  const TokenizerPair tokenizers{bytes, bytes, true};
  using namespace std::string_view_literals;
  for (const auto& [written, line] :
       {std::pair("one\ntwo"sv, "one two"), std::pair("\na\r\nb\n"sv, " a  b "),
        std::pair("a\0b"sv, "a b"), std::pair("\n"sv, " "), std::pair("as it is"sv, "as it is"),
        std::pair("\xffx"sv, "\uFFFDx")}) {
    const auto model = writer_of(written);
    for (const int n_best : {1, 2}) {
      DecodingConfig config;
      config.beam = 2;
      config.n_best = n_best;
      LineTranslator translator({*model, tokenizers, symbols_for(tokenizers)}, config, {});
      const std::vector<std::string> lines = {"first", "", "third"};
      const auto translations = translator.translate(lines);
      ASSERT_EQ(translations.size(), 3u);
      EXPECT_EQ(translations[0].best.front().text, line);
      EXPECT_EQ(translations[1].best.front().text, "");
      for (const LineTranslations& translation : translations) {
        for (const TextTranslation& text : translation.best) {
          EXPECT_EQ(text.text.find_first_of("\n\r\0"sv), std::string::npos);
        }
      }
    }
  }
}

}  // namespace
}  // namespace heed
