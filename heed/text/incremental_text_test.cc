#include "heed/text/incremental_text.h"

#include <gmock/gmock.h>

#include "heed/base/random.h"
#include "heed/base/unicode.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

using testing::ElementsAre;

std::vector<std::string> parts_of(const std::vector<int>& ids, std::span<const int> before = {}) {
  const ByteTokenizer tokenizer;
  IncrementalText text(tokenizer, before);
  std::vector<std::string> parts;
  for (const int id : ids) {
    parts.push_back(text.add(id));
  }
  parts.push_back(text.rest());
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text += part;
  }
  return text;
}

TEST(IncrementalText, WaitsForWholeCharacters) {
  const ByteTokenizer tokenizer;
  EXPECT_THAT(parts_of(tokenizer.encode("aé€😀b")),
              ElementsAre("a", "", "é", "", "", "€", "", "", "", "😀", "b", ""));
}

TEST(IncrementalText, ShowsWhatWillNeverBeACharacter) {
  const ByteTokenizer tokenizer;
  std::vector<int> ids = tokenizer.encode("€");
  ids.pop_back();
  EXPECT_EQ(joined(parts_of(ids)), tokenizer.decode(ids));
  ids.push_back(tokenizer.encode("a")[0]);
  EXPECT_EQ(joined(parts_of(ids)), tokenizer.decode(ids));
}

// Whatever the bytes: together the parts are the text, and each is one.
TEST(IncrementalText, GivesTheTextOfAllTokens) {
  const ByteTokenizer tokenizer;
  const int first = tokenizer.encode(std::string(1, '\0'))[0];
  Random random(5);
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> ids;
    for (std::uint64_t i = random.below(80); i > 0; --i) {
      const int bytes[] = {0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xC3, 0xA9, 'a', 0xFF};
      ids.push_back(first + bytes[random.below(std::size(bytes))]);
    }
    const auto parts = parts_of(ids);
    for (const std::string& part : parts) {
      EXPECT_FALSE(find_invalid_utf8(part));
    }
    EXPECT_EQ(joined(parts), tokenizer.decode(ids)) << round;
  }
}

TEST(IncrementalText, FollowsThePrompt) {
  const ByteTokenizer tokenizer;
  EXPECT_EQ(joined(parts_of(tokenizer.encode(" c"), tokenizer.encode("a b"))), " c");
}

}  // namespace
}  // namespace heed
