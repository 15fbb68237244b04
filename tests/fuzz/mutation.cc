#include "tests/fuzz/mutation.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

namespace heed::fuzz {

namespace {

constexpr std::uint64_t odd_numbers[] = {0,
                                         1,
                                         2,
                                         0x7F,
                                         0x80,
                                         0xFF,
                                         0x100,
                                         0x7FFF,
                                         0xFFFF,
                                         1'000'003,
                                         0x7FFFFFFF,
                                         0x80000000,
                                         0xFFFFFFFF,
                                         0x1'0000'0000,
                                         0x3FFF'FFFF'FFFF'FFFF,
                                         0x7FFF'FFFF'FFFF'FFFF,
                                         0x8000'0000'0000'0000,
                                         0xFFFF'FFFF'FFFF'FFFF};

constexpr std::string_view odd_texts[] = {"-1",
                                          "-0",
                                          "0.5",
                                          "1e308",
                                          "99999999999999999999",
                                          "null",
                                          "true",
                                          "[]",
                                          "{}",
                                          "\"\"",
                                          "\"\\u0000\"",
                                          "\"\\ud800\"",
                                          "\xC0\x80",
                                          "..",
                                          "\r\n",
                                          "\t",
                                          "\xF4\x90\x80\x80",
                                          "\xEF\xBB\xBF",
                                          "\u2028",
                                          "/",
                                          ": ",
                                          "\n- ",
                                          "&a ",
                                          "*a"};

template <typename Range>
const auto& any_of(const Range& range, Random& random) {
  return range[random.below(std::size(range))];
}

struct Piece {
  std::size_t begin = 0;
  std::size_t size = 0;
};

// Mostly short, sometimes of any length.
Piece any_piece(const std::string& text, Random& random) {
  const std::size_t begin = random.below(text.size() + 1);
  const std::size_t room = text.size() - begin;
  const std::size_t longest = random.below(8) == 0 ? room : std::min<std::size_t>(room, 16);
  return {begin, random.below(longest + 1)};
}

void replace_binary_number(std::string& text, Random& random) {
  const std::size_t size = std::size_t{1} << random.below(4);
  if (text.size() < size) {
    return;
  }
  std::uint64_t number = 0;
  char* const place = text.data() + random.below(text.size() - size + 1);
  std::memcpy(&number, place, size);
  number = random.below(2) == 0 ? any_of(odd_numbers, random) : number + random.below(33) - 16;
  std::memcpy(place, &number, size);
}

void replace_decimal_number(std::string& text, Random& random) {
  constexpr std::string_view digits = "0123456789";
  const std::size_t begin = text.find_first_of(digits, random.below(text.size() + 1));
  if (begin == std::string::npos) {
    return;
  }
  const std::size_t end = std::min(text.find_first_not_of(digits, begin), text.size());
  text.replace(begin, end - begin, std::to_string(any_of(odd_numbers, random)));
}

void change(std::string& text, const std::vector<std::string>& inputs, Random& random) {
  const Piece piece = any_piece(text, random);
  switch (random.below(10)) {
    case 0:
    case 1:
      if (piece.begin < text.size()) {
        text[piece.begin] = static_cast<char>(text[piece.begin] ^ (1 << random.below(8)));
      }
      break;
    case 2:
      text.insert(piece.begin, 1, static_cast<char>(random.below(256)));
      break;
    case 3:
      text.erase(piece.begin, piece.size);
      break;
    case 4:
      text.insert(piece.begin, text.substr(piece.begin, piece.size));
      break;
    case 5: {
      const std::string& other = any_of(inputs, random);
      const Piece theirs = any_piece(other, random);
      text.replace(piece.begin, piece.size, other, theirs.begin, theirs.size);
      break;
    }
    case 6:
      replace_binary_number(text, random);
      break;
    case 7:
      replace_decimal_number(text, random);
      break;
    case 8:
      text.replace(piece.begin, random.below(2) * piece.size, any_of(odd_texts, random));
      break;
    default:
      text.resize(random.below(4) == 0 ? piece.begin : text.size());
  }
}

}  // namespace

std::string mutated(const std::vector<std::string>& inputs, Random& random, std::size_t limit) {
  std::string text = any_of(inputs, random);
  // One change half the time, two a quarter of the time, and so on.
  do {
    change(text, inputs, random);
  } while (random.below(2) == 0);
  text.resize(std::min(text.size(), limit));
  return text;
}

}  // namespace heed::fuzz
