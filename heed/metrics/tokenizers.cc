#include "heed/metrics/tokenizers.h"

#include <unicode/uchar.h>

#include <array>
#include <span>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/metrics/text_rules.h"

namespace heed {

namespace {

struct NamedTokenizer {
  std::string_view name;
  BleuTokenizer tokenizer;
};

constexpr std::array tokenizer_names = {
    NamedTokenizer{"13a", BleuTokenizer::mteval_13a},
    NamedTokenizer{"intl", BleuTokenizer::international},
    NamedTokenizer{"char", BleuTokenizer::character},
    NamedTokenizer{"none", BleuTokenizer::none},
    NamedTokenizer{"zh", BleuTokenizer::chinese},
};

bool is_digit(char32_t c) {
  return c >= U'0' && c <= U'9';
}
bool is_not_digit(char32_t c) {
  return !is_digit(c);
}
bool is_dash(char32_t c) {
  return c == U'-';
}
bool is_period_or_comma(char32_t c) {
  return c == U'.' || c == U',';
}

// What mteval sets apart wherever it stands: every ASCII mark but the apostrophe, which stays in
// its word, and comma, dash and period, which depend on their neighbours.
bool is_western_mark(char32_t c) {
  return (c >= U'{' && c <= U'~') || (c >= U'[' && c <= U'`') || (c >= U' ' && c <= U'&') ||
         (c >= U'(' && c <= U'+') || (c >= U':' && c <= U'@') || c == U'/';
}

bool in_category(char32_t c, std::uint32_t mask) {
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & mask) != 0;
}
bool is_punctuation(char32_t c) {
  return in_category(c, U_GC_P_MASK);
}
bool is_symbol(char32_t c) {
  return in_category(c, U_GC_S_MASK);
}
bool is_not_number(char32_t c) {
  return !in_category(c, U_GC_N_MASK);
}

using CharacterClass = bool (*)(char32_t);

// Puts a space on both sides of each character of the class.
std::u32string set_apart(std::u32string_view line, CharacterClass apart) {
  std::u32string result;
  result.reserve(line.size() * 2);
  for (const char32_t c : line) {
    if (apart(c)) {
      result += {U' ', c, U' '};
    } else {
      result += c;
    }
  }
  return result;
}

// For each pair of neighbours, found from the left and without overlap as a regular expression
// finds them: "ab" becomes "a b ".
std::u32string set_second_apart(std::u32string_view line, CharacterClass first,
                                CharacterClass second) {
  std::u32string result;
  result.reserve(line.size() * 2);
  for (std::size_t i = 0; i < line.size(); ++i) {
    result += line[i];
    if (i + 1 < line.size() && first(line[i]) && second(line[i + 1])) {
      result += {U' ', line[++i], U' '};
    }
  }
  return result;
}

// The same with " a b".
std::u32string set_first_apart(std::u32string_view line, CharacterClass first,
                               CharacterClass second) {
  std::u32string result;
  result.reserve(line.size() * 2);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (i + 1 < line.size() && first(line[i]) && second(line[i + 1])) {
      result += {U' ', line[i], U' ', line[i + 1]};
      ++i;
    } else {
      result += line[i];
    }
  }
  return result;
}

void replace_all(std::u32string& line, std::u32string_view from, std::u32string_view to) {
  if (line.find(from) == std::u32string::npos) {
    return;
  }
  std::u32string result;
  std::size_t position = 0;
  for (std::size_t found; (found = line.find(from, position)) != std::u32string::npos;) {
    result.append(line, position, found - position).append(to);
    position = found + from.size();
  }
  line = result.append(line, position);
}

std::u32string apply_western_rules(std::u32string_view line) {
  std::u32string result = set_apart(line, is_western_mark);
  result = set_second_apart(result, is_not_digit, is_period_or_comma);
  result = set_first_apart(result, is_period_or_comma, is_not_digit);
  return set_second_apart(result, is_digit, is_dash);
}

std::u32string apply_13a(std::u32string_view line) {
  std::u32string result(line);
  replace_all(result, U"<skipped>", U"");
  replace_all(result, U"-\n", U"");
  replace_all(result, U"\n", U" ");
  // In this order, so that "&amp;lt;" ends as "<", as in mteval.
  replace_all(result, U"&quot;", U"\"");
  replace_all(result, U"&amp;", U"&");
  replace_all(result, U"&lt;", U"<");
  replace_all(result, U"&gt;", U">");
  return apply_western_rules(U" " + result + U" ");
}

std::u32string apply_international(std::u32string_view line) {
  std::u32string result = set_second_apart(line, is_not_number, is_punctuation);
  result = set_first_apart(result, is_punctuation, is_not_number);
  return set_apart(result, is_symbol);
}

// sacreBLEU writes two ranges beyond the Basic Multilingual Plane with four-digit escapes, so that
// they mean U+2001 to U+2A6D and U+2F81 to U+2FA1 there: quotes, dashes and arrows stand apart too,
// and rare ideographs do not. Scores agree only if that is kept.
bool is_chinese(char32_t c) {
  static constexpr std::array<std::pair<char32_t, char32_t>, 22> ranges = {{
      {0x3400, 0x4DB5}, {0x4E00, 0x9FA5}, {0x9FA6, 0x9FBB}, {0xF900, 0xFA2D}, {0xFA30, 0xFA6A},
      {0xFA70, 0xFAD9}, {0x2001, 0x2A6D}, {0x2F81, 0x2FA1}, {0xFF00, 0xFFEF}, {0x2E80, 0x2EFF},
      {0x3000, 0x303F}, {0x31C0, 0x31EF}, {0x2F00, 0x2FDF}, {0x2FF0, 0x2FFF}, {0x3100, 0x312F},
      {0x31A0, 0x31BF}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F}, {0x2600, 0x26FF}, {0x2700, 0x27BF},
      {0x3200, 0x32FF}, {0x3300, 0x33FF},
  }};
  for (const auto& [first, last] : ranges) {
    if (c >= first && c <= last) {
      return true;
    }
  }
  return false;
}

std::u32string apply_chinese(std::u32string_view line) {
  line = without_trailing_space(line);
  while (!line.empty() && is_white_space(line.front())) {
    line.remove_prefix(1);
  }
  return apply_western_rules(set_apart(line, is_chinese));
}

std::u32string apply_tokenizer(std::u32string_view line, BleuTokenizer tokenizer) {
  switch (tokenizer) {
    case BleuTokenizer::mteval_13a:
      return apply_13a(line);
    case BleuTokenizer::international:
      return apply_international(line);
    case BleuTokenizer::character:
      return set_apart(line, [](char32_t) { return true; });
    case BleuTokenizer::none:
      return std::u32string(line);
    case BleuTokenizer::chinese:
      return apply_chinese(line);
  }
  fail(ErrorKind::failure, "bleu: unknown tokenizer {}", static_cast<int>(tokenizer));
}

}  // namespace

BleuTokenizer parse_bleu_tokenizer(std::string_view name) {
  std::vector<std::string> known;
  for (const NamedTokenizer& candidate : tokenizer_names) {
    if (candidate.name == name) {
      return candidate.tokenizer;
    }
    known.emplace_back(candidate.name);
  }
  const auto nearest = nearest_name(name, known);
  fail(ErrorKind::usage, "unknown BLEU tokenizer '{}'; known: {}{}", name, known,
       nearest ? "; did you mean '" + *nearest + "'?" : std::string());
}

std::string_view bleu_tokenizer_name(BleuTokenizer tokenizer) {
  for (const NamedTokenizer& candidate : tokenizer_names) {
    if (candidate.tokenizer == tokenizer) {
      return candidate.name;
    }
  }
  fail(ErrorKind::failure, "bleu: unknown tokenizer {}", static_cast<int>(tokenizer));
}

std::vector<std::u32string> tokenize_for_bleu(std::u32string_view line, BleuTokenizer tokenizer) {
  const std::u32string spaced = apply_tokenizer(without_trailing_space(line), tokenizer);
  const std::vector<std::u32string_view> words = split_words(spaced);
  return std::vector<std::u32string>(words.begin(), words.end());
}

}  // namespace heed
