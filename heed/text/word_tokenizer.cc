#include "heed/text/word_tokenizer.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/text/fingerprint.h"
#include "heed/text/word_kind.h"

namespace heed {

namespace {

bool is_space(char32_t c) {
  return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}

bool is_digit(char32_t c) {
  return u_isdigit(static_cast<UChar32>(c)) != 0;
}

// Scripts written without spaces between words.
bool is_unspaced(char32_t c) {
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(static_cast<UChar32>(c), &status);
  return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA;
}

bool is_word_character(char32_t c) {
  const auto category = U_GET_GC_MASK(static_cast<UChar32>(c));
  return (category & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0 && !is_unspaced(c);
}

// Whether the character at `i`, no letter itself, holds its neighbours together: don't, well-known,
// 3.14.
bool joins(const std::vector<char32_t>& text, std::size_t i) {
  if (i == 0 || i + 1 >= text.size() || !is_word_character(text[i - 1]) ||
      !is_word_character(text[i + 1])) {
    return false;
  }
  const char32_t c = text[i];
  if (c == U'.' || c == U',') {
    return is_digit(text[i - 1]) && is_digit(text[i + 1]);
  }
  return c == U'\'' || c == U'’' || c == U'-';
}

bool contains(std::u32string_view set, char32_t c) {
  return set.find(c) != std::u32string_view::npos;
}

// What join_words has to know of a word.
struct Edges {
  char32_t first;
  char32_t last;
  bool single;
};

Edges edges(const std::string& word) {
  const std::vector<char32_t> text = decode_utf8(word);
  return text.empty() ? Edges{U' ', U' ', true}
                      : Edges{text.front(), text.back(), text.size() == 1};
}

constexpr std::u32string_view closing = U".,;:!?)]}%…”’»。，、；：！？）」』》";
constexpr std::u32string_view opening = U"([{„“‘«¿¡（「『《";

}  // namespace

std::vector<std::string> split_words(std::string_view line) {
  const std::vector<char32_t> text = decode_utf8(line);
  std::vector<std::string> words;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_word_character(text[i]) || (inside && joins(text, i))) {
      if (!inside) {
        words.emplace_back();
      }
      words.back() += encode_utf8(text[i]);
      inside = true;
      continue;
    }
    inside = false;
    if (!is_space(text[i])) {
      words.push_back(encode_utf8(text[i]));
    }
  }
  return words;
}

std::vector<std::string> split_at_white_space(std::string_view line) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char32_t c : decode_utf8(line)) {
    if (is_space(c)) {
      inside = false;
      continue;
    }
    if (!inside) {
      words.emplace_back();
    }
    words.back() += encode_utf8(c);
    inside = true;
  }
  return words;
}

std::vector<std::string> WordRules::words(std::string_view line) const {
  const std::string text = lowercase ? to_lower(line) : std::string(line);
  return at_white_space ? split_at_white_space(text) : split_words(text);
}

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  bool attach = true;  // the next word follows without a space
  char32_t previous = 0;
  bool quoted = false;
  for (const std::string& word : words) {
    const Edges now = edges(word);
    const bool quote = now.single && now.first == U'"';
    const bool closes = (now.single && contains(closing, now.first)) || (quote && quoted);
    const bool unspaced = previous != 0 && is_unspaced(previous) && is_unspaced(now.first);
    if (!attach && !closes && !unspaced) {
      text += ' ';
    }
    text += word;
    attach = now.single && (contains(opening, now.first) || (quote && !quoted));
    // The full-width marks carry their own space.
    attach = attach || (now.single && contains(U"。，、；：！？）」』》", now.first));
    quoted = quote ? !quoted : quoted;
    previous = now.last;
  }
  return text;
}

void WordCounter::add(std::string_view line) {
  for (std::string& word : rules_.words(line)) {
    if (word.size() <= Vocabulary::piece_limit) {
      ++counts_[std::move(word)];
    } else {
      ++too_long_;
    }
  }
}

std::vector<std::string> WordCounter::frequent(int minimum_frequency, std::size_t limit) const {
  std::vector<std::pair<std::int64_t, std::string>> entries;
  for (const auto& [word, count] : counts_) {
    if (count >= minimum_frequency) {
      entries.emplace_back(-count, word);
    }
  }
  std::sort(entries.begin(), entries.end());
  if (limit > 0 && entries.size() > limit) {
    entries.resize(limit);
  }
  std::vector<std::string> words;
  words.reserve(entries.size());
  for (auto& entry : entries) {
    words.push_back(std::move(entry.second));
  }
  return words;
}

WordTokenizer::WordTokenizer(Vocabulary vocabulary, const WordRules& rules)
    : vocabulary_(std::move(vocabulary)), rules_(rules) {}

std::vector<int> WordTokenizer::encode(std::string_view line) const {
  const auto invalid = find_invalid_utf8(line);
  check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the line", invalid.value_or(0));
  std::vector<int> ids;
  for (const std::string& word : rules_.words(line)) {
    ids.push_back(vocabulary_.id_of_text(word));
  }
  return ids;
}

std::string WordTokenizer::decode(std::span<const int> ids) const {
  std::vector<std::string> words;
  for (const int id : ids) {
    const std::string& word = vocabulary_.piece(id);
    if (id != end_id() && id != pad_id()) {
      words.push_back(word);
    }
  }
  if (!rules_.at_white_space) {
    return join_words(words);
  }
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

ModelFiles WordTokenizer::files(Side side) const {
  Json json;
  json["lowercase"] = rules_.lowercase;
  if (rules_.at_white_space) {
    json["white_space"] = true;
  }
  json["pieces"] = vocabulary_.pieces();
  return {{word_file(side), json.dump(1) + "\n"}};
}

std::uint64_t WordTokenizer::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add(rules_.lowercase ? "word lowercase" : "word");
  if (rules_.at_white_space) {
    fingerprint.add("white_space");
  }
  fingerprint.add(vocabulary_.fingerprint());
  return fingerprint.value();
}

}  // namespace heed
