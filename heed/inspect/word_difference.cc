#include "heed/inspect/word_difference.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cstdint>

#include "heed/base/unicode.h"
#include "heed/inspect/html.h"

namespace heed {
namespace {

enum class UnitKind { space, word, single };  // a single is a unit by itself

bool is_written_without_spaces(UChar32 c) {
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(c, &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
    case USCRIPT_TIBETAN:
      return true;
    default:
      return false;
  }
}

bool is_mark(UChar32 c) {
  const auto type = u_charType(c);
  return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK;
}

UnitKind kind_of(UChar32 c) {
  if (u_isUWhiteSpace(c)) {
    return UnitKind::space;
  }
  return u_isalnum(c) && !is_written_without_spaces(c) ? UnitKind::word : UnitKind::single;
}

bool is_space(const std::string& unit) {
  const auto code_points = decode_utf8(unit);
  return !code_points.empty() && u_isUWhiteSpace(static_cast<UChar32>(code_points.front()));
}

// The units that are compared: all but white space, by their place in the list of all units.
std::vector<std::size_t> words_of(const std::vector<std::string>& units) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!is_space(units[i])) {
      places.push_back(i);
    }
  }
  return places;
}

struct Side {
  std::vector<std::string> units;
  std::vector<std::size_t> words;  // places in units
  std::vector<bool> matched;       // [words]
  explicit Side(std::string_view text)
      : units(split_units(text)), words(words_of(units)), matched(words.size(), false) {}
  const std::string& word(std::size_t i) const { return units[words[i]]; }
};

// Marks a longest common subsequence of the words [begin, …) up to the given ends.
void match_subsequence(Side& x, Side& y, std::size_t begin, std::size_t x_end, std::size_t y_end) {
  const std::size_t rows = x_end - begin;
  const std::size_t columns = y_end - begin;
  // length[i][j]: of the longest common subsequence of what follows x word i and y word j.
  std::vector<std::uint16_t> length((rows + 1) * (columns + 1), 0);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint16_t& {
    return length[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      at(i, j) = x.word(begin + i) == y.word(begin + j)
                     ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                     : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
    if (x.word(begin + i) == y.word(begin + j)) {
      x.matched[begin + i++] = y.matched[begin + j++] = true;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      ++i;
    } else {
      ++j;
    }
  }
}

// White space is marked when the words on both its sides are, so that a phrase is one mark.
std::vector<TextPiece> to_pieces(const Side& side) {
  std::vector<bool> differs(side.units.size(), false);
  for (std::size_t i = 0; i < side.words.size(); ++i) {
    differs[side.words[i]] = !side.matched[i];
  }
  for (std::size_t i = 1; i + 1 < side.units.size(); ++i) {
    if (is_space(side.units[i])) {
      differs[i] = differs[i - 1] && differs[i + 1];
    }
  }
  std::vector<TextPiece> pieces;
  for (std::size_t i = 0; i < side.units.size(); ++i) {
    if (pieces.empty() || pieces.back().differs != differs[i]) {
      pieces.push_back({"", differs[i]});
    }
    pieces.back().text += side.units[i];
  }
  return pieces;
}

}  // namespace

std::vector<std::string> split_units(std::string_view text) {
  std::vector<std::string> units;
  UnitKind previous = UnitKind::single;
  const std::vector<char32_t> code_points = decode_utf8(printable_text(text));
  for (std::size_t i = 0; i < code_points.size(); ++i) {
    const auto c = static_cast<UChar32>(code_points[i]);
    UnitKind kind = kind_of(c);
    const bool in_word = previous == UnitKind::word && i + 1 < code_points.size() &&
                         kind_of(static_cast<UChar32>(code_points[i + 1])) == UnitKind::word;
    if (in_word && (c == '\'' || c == 0x2019)) {  // don't, don’t
      kind = UnitKind::word;
    }
    const bool continues =
        !units.empty() && (is_mark(c) || (kind == previous && kind != UnitKind::single));
    if (continues) {
      units.back() += encode_utf8(code_points[i]);
    } else {
      units.push_back(encode_utf8(code_points[i]));
      previous = kind;
    }
  }
  return units;
}

WordDifference compare_words(std::string_view reference, std::string_view hypothesis,
                             std::size_t limit) {
  Side x(reference);
  Side y(hypothesis);
  std::size_t begin = 0;
  std::size_t x_end = x.words.size();
  std::size_t y_end = y.words.size();
  while (begin < std::min(x_end, y_end) && x.word(begin) == y.word(begin)) {
    x.matched[begin] = y.matched[begin] = true;
    ++begin;
  }
  while (x_end > begin && y_end > begin && x.word(x_end - 1) == y.word(y_end - 1)) {
    x.matched[--x_end] = y.matched[--y_end] = true;
  }
  if (x_end - begin <= limit && y_end - begin <= limit) {
    match_subsequence(x, y, begin, x_end, y_end);
  }
  return {to_pieces(x), to_pieces(y)};
}

}  // namespace heed
