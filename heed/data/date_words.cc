#include "heed/data/date_words.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {

namespace {

constexpr std::array<std::string_view, 20> english_units = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 10> english_tens = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::array<std::string_view, 20> english_ordinals = {
    "",           "first",     "second",    "third",       "fourth",     "fifth",     "sixth",
    "seventh",    "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",   "thirteenth",
    "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"};

constexpr std::array<std::string_view, 20> german_units = {
    "null",     "eins",     "zwei",     "drei",     "vier",     "fünf",    "sechs",
    "sieben",   "acht",     "neun",     "zehn",     "elf",      "zwölf",   "dreizehn",
    "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"};
constexpr std::array<std::string_view, 10> german_tens = {
    "", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"};

constexpr std::array<std::string_view, 10> chinese_digits = {"",   "一", "二", "三", "四",
                                                             "五", "六", "七", "八", "九"};

void check_range(const char* what, int number, int lowest, int highest) {
  check(number >= lowest && number <= highest, "{}: expected a number from {} to {}, got {}", what,
        lowest, highest, number);
}

std::string_view at(const auto& words, int index) {
  return words[static_cast<std::size_t>(index)];
}

std::string english_number(int number) {  // 1 … 99
  if (number < 20) {
    return std::string(at(english_units, number));
  }
  std::string words(at(english_tens, number / 10));
  if (number % 10 != 0) {
    words.append("-").append(at(english_units, number % 10));
  }
  return words;
}

std::string german_number(int number) {  // 1 … 99
  if (number < 20) {
    return std::string(at(german_units, number));
  }
  std::string words;
  if (number % 10 != 0) {
    // "eins" loses its s inside a compound: einundzwanzig.
    words.append(number % 10 == 1 ? "ein" : at(german_units, number % 10)).append("und");
  }
  return words.append(at(german_tens, number / 10));
}

}  // namespace

std::string english_ordinal_word(int number) {
  check_range("english_ordinal_word", number, 1, 31);
  if (number < 20) {
    return std::string(at(english_ordinals, number));
  }
  if (number % 10 == 0) {
    return number == 20 ? "twentieth" : "thirtieth";
  }
  return fmt::format("{}-{}", at(english_tens, number / 10), at(english_ordinals, number % 10));
}

std::string english_ordinal_digits(int number) {
  check_range("english_ordinal_digits", number, 1, 31);
  constexpr std::array<std::string_view, 4> endings = {"th", "st", "nd", "rd"};
  const bool regular = number % 10 > 3 || number / 10 == 1;
  return fmt::format("{}{}", number, regular ? "th" : at(endings, number % 10));
}

std::string english_year(int year) {
  check_range("english_year", year, 1900, 2099);
  const int rest = year % 100;
  if (year >= 2000 && rest < 10) {
    return rest == 0 ? "two thousand" : "two thousand and " + english_number(rest);
  }
  const std::string century = year < 2000 ? "nineteen " : "twenty ";
  if (rest == 0) {
    return century + "hundred";
  }
  return century + (rest < 10 ? "oh " : "") + english_number(rest);
}

std::string german_ordinal_word(int number) {
  check_range("german_ordinal_word", number, 1, 31);
  switch (number) {
    case 1:
      return "erste";
    case 3:
      return "dritte";
    case 7:
      return "siebte";
    case 8:
      return "achte";
    default:
      return german_number(number) + (number < 20 ? "te" : "ste");
  }
}

std::string german_year(int year) {
  check_range("german_year", year, 1900, 2099);
  const std::string century = year < 2000 ? "neunzehnhundert" : "zweitausend";
  return year % 100 == 0 ? century : century + german_number(year % 100);
}

std::string chinese_number(int number) {
  check_range("chinese_number", number, 1, 99);
  std::string words;
  if (number >= 20) {
    words.append(at(chinese_digits, number / 10));
  }
  if (number >= 10) {
    words.append("十");
  }
  return words.append(at(chinese_digits, number % 10));
}

std::string chinese_year(int year, std::string_view zero) {
  check_range("chinese_year", year, 1000, 9999);
  std::string words;
  for (int unit = 1000; unit > 0; unit /= 10) {
    const int digit = year / unit % 10;
    words.append(digit == 0 ? zero : at(chinese_digits, digit));
  }
  return words;
}

std::string full_width_number(int number) {
  std::string wide;
  for (const char digit : fmt::to_string(number)) {
    wide += encode_utf8(U'０' + static_cast<char32_t>(digit - '0'));
  }
  return wide;
}

std::string roman_month(int month) {
  check_range("roman_month", month, 1, 12);
  constexpr std::array<std::string_view, 13> numerals = {
      "", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};
  return std::string(at(numerals, month));
}

}  // namespace heed
