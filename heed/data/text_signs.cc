#include "heed/data/text_signs.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cmath>

#include "heed/base/unicode.h"

namespace heed {

namespace {

// Words beyond this many different ones are rare; they would tell little and take memory.
constexpr std::size_t different_words_limit = 1'000'000;
constexpr std::int64_t frequent_count = 5;
constexpr std::size_t telling_words = 3;

// The characters that Windows-1252 has at 0x80 to 0x9F, 0 where it has none.
constexpr std::array<char32_t, 32> windows_1252{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

// Whether the character is what one of the bytes 0x80 to 0xBF reads as.
bool reads_like_continuation(char32_t c) {
  return (c >= 0x80 && c <= 0xBF) ||
         (c > 0xBF && std::find(windows_1252.begin(), windows_1252.end(), c) != windows_1252.end());
}

// How many such characters follow a first byte that reads as `c`, 0 when it is none. Of the first
// bytes of two only those of Latin, Greek and Cyrillic letters count: É and its like do occur
// before quotation marks.
std::size_t continuations_after(char32_t c) {
  if ((c >= 0xC2 && c <= 0xC5) || (c >= 0xCE && c <= 0xD1)) {
    return 1;
  }
  return c >= 0xE2 && c <= 0xEF ? 2 : 0;
}

}  // namespace

bool looks_doubly_encoded(std::span<const char32_t> text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t count = continuations_after(text[i]);
    if (count == 0 || text.size() - i <= count) {
      continue;
    }
    const auto following = text.subspan(i + 1, count);
    if (std::all_of(following.begin(), following.end(), reads_like_continuation)) {
      return true;
    }
  }
  return false;
}

bool has_control_character(std::span<const char32_t> text) {
  return std::any_of(text.begin(), text.end(), [](char32_t c) {
    const bool invisible = c == 0x200B || c == 0xFEFF || c == 0x2028 || c == 0x2029;
    return (c != U'\t' && u_iscntrl(static_cast<UChar32>(c))) || invisible;
  });
}

bool has_outer_white_space(std::span<const char32_t> text) {
  const auto space = [](char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0; };
  return !text.empty() && (space(text.front()) || space(text.back()));
}

void ScriptCounts::add(std::span<const char32_t> text) {
  for (const char32_t c : text) {
    if (!u_isalpha(static_cast<UChar32>(c))) {
      continue;
    }
    UErrorCode status = U_ZERO_ERROR;
    int script = uscript_getScript(static_cast<UChar32>(c), &status);
    if (script == USCRIPT_COMMON || script == USCRIPT_INHERITED) {
      continue;
    }
    if (script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA) {
      script = USCRIPT_HAN;
    }
    ++counts_[script];
    ++letters_;
  }
}

int ScriptCounts::dominant() const {
  int best = -1;
  std::int64_t most = 0;
  for (const auto& [script, count] : counts_) {
    if (count > most || (count == most && script < best)) {
      most = count;
      best = script;
    }
  }
  return best;
}

double ScriptCounts::share(int script) const {
  const auto found = counts_.find(script);
  return found == counts_.end()
             ? 0.0
             : static_cast<double>(found->second) / static_cast<double>(letters_);
}

std::string script_name(int script) {
  const char* name = uscript_getName(static_cast<UScriptCode>(script));
  return name == nullptr ? "no script" : name;
}

void LanguageContrast::add(const std::vector<std::string>& words, std::size_t side) {
  for (const std::string& word : words) {
    ++totals_[side];
    std::string lowered = to_lower(word);
    if (counts_.size() < different_words_limit) {
      ++counts_[std::move(lowered)].of_side[side];
    } else if (const auto found = counts_.find(lowered); found != counts_.end()) {
      ++found->second.of_side[side];
    }
  }
}

void LanguageContrast::finish() {
  for (const auto& [word, counts] : counts_) {
    const auto [source, target] = counts.of_side;
    if (std::max(source, target) >= frequent_count) {
      // One more on each side: a word that never occurs on one is no proof by itself.
      leans_[word] =
          std::log((static_cast<double>(source) + 1) * static_cast<double>(totals_[1] + 1)) -
          std::log((static_cast<double>(target) + 1) * static_cast<double>(totals_[0] + 1));
    }
  }
  counts_.clear();
}

double LanguageContrast::lean(const std::vector<std::string>& words) const {
  double sum = 0;
  std::size_t known = 0;
  for (const std::string& word : words) {
    if (const auto found = leans_.find(to_lower(word)); found != leans_.end()) {
      sum += found->second;
      ++known;
    }
  }
  return known < telling_words ? 0.0 : sum / static_cast<double>(known);
}

}  // namespace heed
