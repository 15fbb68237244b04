#include "heed/formats/checksum.h"

#include <gtest/gtest.h>

#include <vector>

#include "heed/base/random.h"

namespace heed {
namespace {

// The plain definition, bit by bit.
std::uint32_t bit_by_bit(std::span<const std::byte> data) {
  std::uint32_t state = ~0u;
  for (const std::byte byte : data) {
    state ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      state = (state >> 1) ^ ((state & 1u) != 0 ? 0x82F63B78u : 0u);
    }
  }
  return ~state;
}

TEST(Crc32c, GivesThePublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(""), 0u);
  // RFC 3720, appendix B.4.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) {
    ascending += static_cast<char>(i);
  }
  EXPECT_EQ(crc32c(ascending), 0x46DD794Eu);
  EXPECT_EQ(crc32c_portable(std::as_bytes(std::span(ascending))), 0x46DD794Eu);
  EXPECT_EQ(checksum_text(0xE306u), "0000e306");
}

TEST(Crc32c, AllWaysAgreeAtEveryLengthAndAlignment) {
  Random random(1);
  std::vector<std::byte> data(400);
  for (std::byte& byte : data) {
    byte = static_cast<std::byte>(random.below(256));
  }
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (std::size_t length = 0; length + begin < data.size(); length += 1 + length / 20) {
      const auto piece = std::span<const std::byte>(data).subspan(begin, length);
      const std::uint32_t expected = bit_by_bit(piece);
      ASSERT_EQ(crc32c(piece), expected);
      ASSERT_EQ(crc32c_portable(piece), expected);
      const std::size_t cut = random.below(length + 1);
      ASSERT_EQ(crc32c(piece.subspan(cut), crc32c(piece.first(cut))), expected);
      ASSERT_EQ(crc32c_portable(piece.subspan(cut), crc32c_portable(piece.first(cut))), expected);
    }
  }
}

// Long data goes in several blocks abreast.
TEST(Crc32c, AllWaysAgreeOnLongData) {
  Random random(2);
  std::vector<std::byte> data(70'000);
  for (std::byte& byte : data) {
    byte = static_cast<std::byte>(random.below(256));
  }
  for (int round = 0; round < 50; ++round) {
    const auto piece =
        std::span<const std::byte>(data).subspan(random.below(9), random.below(69'000));
    ASSERT_EQ(crc32c(piece), bit_by_bit(piece)) << piece.size();
    ASSERT_EQ(crc32c_portable(piece), crc32c(piece)) << piece.size();
  }
  for (const std::size_t size : {12287, 12288, 12289, 24576, 24577}) {
    const auto piece = std::span<const std::byte>(data).first(size);
    ASSERT_EQ(crc32c(piece, 77), crc32c_portable(piece, 77));
  }
}

}  // namespace
}  // namespace heed
