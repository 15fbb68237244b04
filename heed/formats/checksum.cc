#include "heed/formats/checksum.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <vector>

namespace heed {

namespace {

static_assert(std::endian::native == std::endian::little, "words are read in little-endian order");

constexpr std::uint32_t reflected_polynomial = 0x82F63B78u;

// tables[k][b] is the register after byte b and k zero bytes: eight look-ups advance eight bytes.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = value >> 1 ^ (value & 1u ? reflected_polynomial : 0u);
    }
    tables[0][byte] = value;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = before >> 8 ^ tables[0][before & 255u];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

std::uint64_t load_word(const std::byte* data) {
  std::uint64_t word = 0;
  std::memcpy(&word, data, sizeof word);
  return word;
}

std::uint32_t advance_by_tables(std::uint32_t state, std::span<const std::byte> data) {
  while (data.size() >= 8) {
    const std::uint64_t word = load_word(data.data()) ^ state;
    state = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      state ^= tables[7 - i][word >> (8 * i) & 255u];
    }
    data = data.subspan(8);
  }
  for (const std::byte byte : data) {
    state = state >> 8 ^ tables[0][(state ^ static_cast<std::uint32_t>(byte)) & 255u];
  }
  return state;
}

#if defined(__x86_64__)

// The instruction takes three cycles but one can start every cycle: three blocks go abreast.
constexpr std::size_t block = 4096;

// What `block` zero bytes make of a register, which is linear over GF(2): a register after two
// blocks is that of the first, advanced over zeros, plus that of the second begun from zero.
class BlockShift {
 public:
  BlockShift() {
    const std::vector<std::byte> zeros(block);
    for (std::uint32_t bit = 0; bit < 32; ++bit) {
      const std::uint32_t column = advance_by_tables(1u << bit, zeros);
      for (std::size_t byte = 0; byte < 256; ++byte) {
        tables_[bit / 8][byte] ^= (byte >> (bit % 8) & 1u) != 0 ? column : 0u;
      }
    }
  }
  std::uint64_t operator()(std::uint64_t state) const {
    return tables_[0][state & 255u] ^ tables_[1][state >> 8 & 255u] ^
           tables_[2][state >> 16 & 255u] ^ tables_[3][state >> 24 & 255u];
  }

 private:
  std::array<std::array<std::uint32_t, 256>, 4> tables_{};
};

__attribute__((target("sse4.2"))) std::uint32_t advance_by_instruction(
    std::uint32_t state, std::span<const std::byte> data) {
  static const BlockShift shift;
  std::uint64_t wide = state;
  for (; data.size() >= 3 * block; data = data.subspan(3 * block)) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (const std::byte* place = data.data(); place != data.data() + block; place += 8) {
      wide = __builtin_ia32_crc32di(wide, load_word(place));
      second = __builtin_ia32_crc32di(second, load_word(place + block));
      third = __builtin_ia32_crc32di(third, load_word(place + 2 * block));
    }
    wide = shift(shift(wide) ^ second) ^ third;
  }
  for (; data.size() >= 8; data = data.subspan(8)) {
    wide = __builtin_ia32_crc32di(wide, load_word(data.data()));
  }
  state = static_cast<std::uint32_t>(wide);
  for (const std::byte byte : data) {
    state = __builtin_ia32_crc32qi(state, static_cast<unsigned char>(byte));
  }
  return state;
}

#endif

using Advance = std::uint32_t (*)(std::uint32_t, std::span<const std::byte>);

Advance best_advance() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) {
    return advance_by_instruction;
  }
#endif
  return advance_by_tables;
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t previous) {
  static const Advance advance = best_advance();
  return ~advance(~previous, data);
}

std::uint32_t crc32c(std::string_view text, std::uint32_t previous) {
  return crc32c(std::as_bytes(std::span(text)), previous);
}

std::uint32_t crc32c_portable(std::span<const std::byte> data, std::uint32_t previous) {
  return ~advance_by_tables(~previous, data);
}

std::string checksum_text(std::uint32_t checksum) {
  return fmt::format("{:08x}", checksum);
}

}  // namespace heed
