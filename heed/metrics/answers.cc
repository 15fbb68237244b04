#include "heed/metrics/answers.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "heed/base/unicode.h"

namespace heed {

namespace {

constexpr double f1_part = 1e-12;

// As Python's str.isspace() and the \w of its regular expressions see a character.
bool is_python_space(char32_t c) {
  return (c >= 0x1C && c <= 0x1F) || u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}
bool is_python_word(char32_t c) {
  const auto point = static_cast<UChar32>(c);
  return c == '_' || u_isalpha(point) != 0 ||
         u_getIntPropertyValue(point, UCHAR_NUMERIC_TYPE) != U_NT_NONE;
}
bool is_punctuation(char32_t c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

bool is_article(std::u32string_view word) {
  return word == U"a" || word == U"an" || word == U"the";
}

// Puts a blank in the place of articles: runs of word characters that are one.
std::u32string without_articles(const std::u32string& text) {
  std::u32string result;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && is_python_word(text[end])) {
      ++end;
    }
    const std::u32string_view word(text.data() + begin, end - begin);
    result += is_article(word) ? std::u32string_view(U" ") : word;
    if (end < text.size()) {
      result += text[end];
    }
    begin = end + 1;
  }
  return result;
}

std::vector<std::string> answer_words(const std::string& text) {
  std::u32string characters;
  for (const char32_t c : decode_utf8(to_lower(text))) {
    if (!is_punctuation(c)) {
      characters += c;
    }
  }
  std::vector<std::string> words(1);
  for (const char32_t c : without_articles(characters)) {
    if (!is_python_space(c)) {
      words.back() += encode_utf8(c);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) {
    words.pop_back();
  }
  return words;
}

double word_f1(const std::vector<std::string>& given, const std::vector<std::string>& right) {
  std::map<std::string, int> counts;
  for (const std::string& word : right) {
    ++counts[word];
  }
  int same = 0;
  for (const std::string& word : given) {
    same += counts[word]-- > 0 ? 1 : 0;
  }
  if (same == 0) {
    return 0;
  }
  const double precision = 1.0 * same / static_cast<double>(given.size());
  const double recall = 1.0 * same / static_cast<double>(right.size());
  return 2 * precision * recall / (precision + recall);
}

}  // namespace

std::string normalised_answer(const std::string& text) {
  std::string joined;
  for (const std::string& word : answer_words(text)) {
    joined += (joined.empty() ? "" : " ") + word;
  }
  return joined;
}

double answer_exact(const std::string& given, std::span<const std::string> right) {
  const std::string normalised = normalised_answer(given);
  if (right.empty()) {
    return normalised.empty() ? 1 : 0;
  }
  return std::any_of(
             right.begin(), right.end(),
             [&](const std::string& answer) { return normalised_answer(answer) == normalised; })
             ? 1
             : 0;
}

double answer_f1(const std::string& given, std::span<const std::string> right) {
  const std::vector<std::string> words = answer_words(given);
  if (right.empty()) {
    return words.empty() ? 1 : 0;
  }
  double best = 0;
  for (const std::string& answer : right) {
    best = std::max(best, word_f1(words, answer_words(answer)));
  }
  return best;
}

std::vector<std::int64_t> answer_row(const std::string& given, std::span<const std::string> right) {
  return {1, answer_exact(given, right) > 0 ? 1 : 0,
          std::llround(answer_f1(given, right) / f1_part)};
}

AnswerMetric AnswerMetric::exact() {
  return {{.key = "exact_match", .name = "% exact", .unit = "points of exact match"}, 1, 1};
}

AnswerMetric AnswerMetric::f1() {
  return {{.key = "f1", .name = "F1", .unit = "points of F1"}, 2, f1_part};
}

}  // namespace heed
