#include "heed/data/text_windows.h"

#include <gmock/gmock.h>

#include "heed/base/error.h"
#include "heed/data/test_files.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

class TextWindows : public FileTest {
 protected:
  std::shared_ptr<const TokenStore> windows_of(std::string_view text, std::int64_t window,
                                               std::int64_t most = 0) const {
    return open_text_windows(path("text.tokens"), text, tokenizer_, window, most);
  }
  std::string window(const TokenStore& store, std::int64_t i) const {
    return tokenizer_.decode(store.target(i));
  }

  ByteTokenizer tokenizer_;
};

TEST_F(TextWindows, EveryTokenButTheFirstIsPredictedOnce) {
  const std::string text = "To be,\nor not.\n";  // 15 characters
  const auto store = windows_of(text, 4);
  ASSERT_EQ(store->size(), 4);
  EXPECT_EQ(window(*store, 0), "To be");
  EXPECT_EQ(window(*store, 1), "e,\nor");
  EXPECT_EQ(window(*store, 3), "t.\n");  // what remains
  std::string predicted;
  for (std::int64_t i = 0; i < store->size(); ++i) {
    EXPECT_TRUE(store->source(i).empty());
    predicted += window(*store, i).substr(1);
  }
  EXPECT_EQ(predicted, text.substr(1));
}

TEST_F(TextWindows, NoWindowHoldsNothingToPredict) {
  EXPECT_EQ(windows_of("123456789", 4)->size(), 2);   // eight predicted tokens
  EXPECT_EQ(windows_of("1234567890", 4)->size(), 3);  // the last one predicts one
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { windows_of("1", 4); }),
              HasSubstr("text: a text of 1 tokens"));
}

TEST_F(TextWindows, NoMoreThanAskedForIsPredicted) {
  const auto store = windows_of("12345678901234", 4, 8);
  ASSERT_EQ(store->size(), 2);
  EXPECT_EQ(window(*store, 1), "56789");
  EXPECT_EQ(windows_of("123", 4, 8)->size(), 1);
}

TEST_F(TextWindows, AFileThatFitsIsUsedAgain) {
  const auto first = windows_of("one two three", 4);
  const auto time = std::filesystem::last_write_time(path("text.tokens"));
  EXPECT_EQ(windows_of("one two three", 4)->identity(), first->identity());
  EXPECT_EQ(std::filesystem::last_write_time(path("text.tokens")), time);
  EXPECT_NE(windows_of("one two three", 5)->identity(), first->identity());
  EXPECT_NE(windows_of("one two thrce", 4)->identity(), first->identity());
  EXPECT_NE(windows_of("one two three", 4, 8)->identity(), first->identity());
}

TEST_F(TextWindows, PartsAreFilesOrSharesOfTheEnd) {
  const std::string a = write("a.txt", "01234"), b = write("b.txt", "56789");
  TextParts parts = read_text_parts({.train = {a, b}, .validation = {a}, .test = {b, a}});
  EXPECT_EQ(parts.train, "0123456789");
  EXPECT_EQ(parts.validation, "01234");
  EXPECT_EQ(parts.test, "5678901234");
  parts = read_text_parts({.train = {a, b}, .validation_share = 0.2, .test_share = 0.1});
  EXPECT_EQ(parts.train, "0123456");
  EXPECT_EQ(parts.validation, "78");
  EXPECT_EQ(parts.test, "9");
}

TEST_F(TextWindows, SharesEndBetweenCharacters) {
  const std::string file = write("euro.txt", "ab€€€");  // 2 + 9 bytes
  const TextParts parts = read_text_parts({.train = {file}, .test_share = 0.4});
  EXPECT_EQ(parts.train, "ab€");
  EXPECT_EQ(parts.test, "€€");
}

TEST_F(TextWindows, WhatIsWrongIsNamed) {
  const std::string sound = write("sound.txt", "sound");
  const auto refused = [](ErrorKind kind, const TextConfig& config) {
    return error_of(kind, [&] { read_text_parts(config); });
  };
  EXPECT_THAT(refused(ErrorKind::usage, {}), HasSubstr("data.train"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .window = 1}), HasSubstr("window"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .test = {sound}, .test_share = 0.1}),
              HasSubstr("data.test_share"));
  EXPECT_THAT(
      refused(ErrorKind::usage, {.train = {sound}, .validation_share = 0.5, .test_share = 0.5}),
      HasSubstr("nothing of train"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .validation_share = 1}),
              HasSubstr("validation_share"));
  EXPECT_THAT(refused(ErrorKind::bad_data, {.train = {sound}, .test_share = 0.01}),
              HasSubstr("data.test_share: 0.01 of 5 bytes"));
  EXPECT_THAT(refused(ErrorKind::input_output, {.train = {path("missing.txt")}}),
              HasSubstr("missing.txt"));
  EXPECT_THAT(refused(ErrorKind::bad_data, {.train = {write("empty.txt", "")}}),
              HasSubstr("empty.txt: no text"));
  EXPECT_THAT(refused(ErrorKind::bad_data, {.train = {write("latin.txt", "na\xEFve")}}),
              HasSubstr("latin.txt: invalid UTF-8 at byte 2"));
}

}  // namespace
}  // namespace heed
