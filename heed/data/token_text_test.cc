#include "heed/data/token_text.h"

#include <gmock/gmock.h>

#include "heed/data/test_files.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TokenTextFile : public FileTest {
 protected:
  std::shared_ptr<const TokenText> written(int vocabulary, const std::vector<int>& ids) const {
    TokenTextWriter writer(path("a.tokens"), vocabulary, true);
    writer.begin_document();
    writer.add(std::span(ids).first(1));
    writer.begin_document();
    writer.add(std::span(ids).subspan(1));
    writer.finish({.bytes = 9, .characters = 8, .words = 7, .lines = 6}, {42, 43});
    return std::make_shared<const TokenText>(path("a.tokens"));
  }
  static std::vector<std::int32_t> ids_of(const TokenText& text) {
    std::vector<std::int32_t> ids;
    text.append(0, text.size(), ids);
    return ids;
  }
};

TEST_F(TokenTextFile, WhatWasWrittenComesBack) {
  for (const int vocabulary : {65'536, 65'537}) {  // two bytes an id, and four
    const auto text = written(vocabulary, {7, 65'535, 0, 12, 65'535});
    EXPECT_THAT(ids_of(*text), ElementsAre(7, 65'535, 0, 12, 65'535));
    EXPECT_EQ((*text)[1], 65'535);
    EXPECT_THAT(text->documents(), ElementsAre(0, 1));
    EXPECT_TRUE(text->has_start_symbols());
    EXPECT_EQ(text->counts(), (TextCounts{.bytes = 9, .characters = 8, .words = 7, .lines = 6}));
    EXPECT_EQ(text->identity(), 42u);
    EXPECT_EQ(text->content(), 43u);
    const auto bytes = std::filesystem::file_size(path("a.tokens"));
    EXPECT_EQ(bytes, 128u + (vocabulary == 65'536 ? 16 : 24) + 16);
    EXPECT_NE(open_token_text(path("a.tokens"), 42), nullptr);
    EXPECT_EQ(open_token_text(path("a.tokens"), 41), nullptr);
  }
  EXPECT_EQ(open_token_text(path("missing"), 42), nullptr);
}

// More than is checked in one go.
TEST_F(TokenTextFile, LongTextsComeBack) {
  std::vector<int> ids(5'000'000);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i] = static_cast<int>(i * 7919 % 60'000);
  }
  EXPECT_EQ(ids_of(*written(60'000, ids)), ids);
}

TEST_F(TokenTextFile, DamageIsFound) {
  written(300, {1, 2, 3, 4, 5});
  const std::string sound = read_file(path("a.tokens"));
  for (std::size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const std::string file = write("b.tokens", damaged);
    if (i < sizeof(TokenTextHeader) || i >= 128) {  // the rest of the header is room
      EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { TokenText text(file); }),
                  HasSubstr("b.tokens"))
          << i;
    }
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{127}, sound.size() - 1}) {
    const std::string file = write("b.tokens", sound.substr(0, size));
    error_of(ErrorKind::bad_data, [&] { TokenText text(file); });
    EXPECT_EQ(open_token_text(file, 42), nullptr);
  }
}

TEST_F(TokenTextFile, IdsOutsideTheVocabularyAreRefused) {
  EXPECT_THAT(error_of(ErrorKind::bad_data,
                       [&] {
                         written(5, {1, 2, 5});
                       }),
              HasSubstr("ids outside the vocabulary"));
  EXPECT_THAT(error_of(ErrorKind::bad_data,
                       [&] {
                         written(70'000, {1, 2, -1});
                       }),
              HasSubstr("ids outside the vocabulary"));
}

TEST_F(TokenTextFile, AFullDiskIsAnError) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "needs /dev/full";
  }
  std::filesystem::create_symlink("/dev/full", path("a.tokens.tmp"));
  TokenTextWriter writer(path("a.tokens"), 300, false);
  const std::vector<int> ids(100'000, 1);
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { writer.add(ids); }),
              HasSubstr("a.tokens: cannot write: No space left"));
}

TEST_F(TokenTextFile, WhatIsNotFinishedIsRemoved) {
  {
    TokenTextWriter writer(path("a.tokens"), 10, false);
    writer.add(std::vector{1, 2, 3});
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

}  // namespace
}  // namespace heed
