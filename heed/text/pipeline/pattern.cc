#include "heed/text/pipeline/pattern.h"

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/text/characters.h"

namespace heed {

namespace {

constexpr std::int32_t regex_time_limit = 5'000;  // of ICU's matcher, about milliseconds

// Adds what lies between the last span and this one, and this one.
void add_match(std::vector<TextSpan>& spans, std::size_t begin, std::size_t end) {
  const std::size_t last = spans.empty() ? 0 : spans.back().end;
  if (last < begin) {
    spans.push_back({last, begin, false});
  }
  spans.push_back({begin, end, true});
}

void add_rest(std::vector<TextSpan>& spans, std::string_view text) {
  const std::size_t last = spans.empty() ? 0 : spans.back().end;
  if (last < text.size()) {
    spans.push_back({last, text.size(), false});
  }
}

std::vector<TextSpan> find_text(std::string_view text, const std::string& wanted) {
  std::vector<TextSpan> spans;
  for (std::size_t at = 0;
       !wanted.empty() && (at = text.find(wanted, at)) != std::string_view::npos;) {
    add_match(spans, at, at + wanted.size());
    at += wanted.size();
  }
  add_rest(spans, text);
  return spans;
}

// Turns places of UTF-16 into places of the UTF-8 that it was made of; asked in ascending order.
class Utf8Places {
 public:
  explicit Utf8Places(std::string_view text) : text_(text) {}
  std::size_t of(std::int32_t utf16) {
    while (utf16_ < utf16 && utf8_ < text_.size()) {
      const DecodedCharacter character = character_at(text_, utf8_);
      utf16_ += character.value > 0xFFFF ? 2 : 1;
      utf8_ = character.end;
    }
    return utf8_;
  }

 private:
  std::string_view text_;
  std::size_t utf8_ = 0;
  std::int32_t utf16_ = 0;
};

std::vector<TextSpan> find_expression(std::string_view text, const icu::RegexPattern& pattern,
                                      const std::string& source) {
  const auto size = static_cast<std::int32_t>(text.size());
  const icu::UnicodeString wide = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), size));
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(pattern.matcher(wide, status));
  if (U_SUCCESS(status)) {
    matcher->setTimeLimit(regex_time_limit, status);
  }
  std::vector<TextSpan> spans;
  Utf8Places places(text);
  while (U_SUCCESS(status) && matcher->find(status) != 0) {
    const std::size_t begin = places.of(matcher->start(status));
    add_match(spans, begin, places.of(matcher->end(status)));
  }
  check_data(U_SUCCESS(status), "{}: a regular expression takes too long: {}", source,
             u_errorName(status));
  add_rest(spans, text);
  return spans;
}

// What Oniguruma understands by \\w, \\W and \\h, which ICU takes for something else.
std::string as_icu_reads_it(const std::string& expression) {
  constexpr std::string_view word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}²³¹¼½¾]";
  std::string result;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char next = expression[i] == '\\' && i + 1 < expression.size() ? expression[i + 1] : '\0';
    if (next == 'w' || next == 'W') {
      result.append(next == 'w' ? "[" : "[^").append(word);
    } else if (next == 'h') {
      result += "[0-9A-Fa-f]";
    } else {
      result += expression[i];
      if (next != '\0') {
        result += next;
      }
    }
    i += next != '\0' ? 1 : 0;
  }
  return result;
}

}  // namespace

SpanFinder pattern_finder(const Json& json, const std::string& source) {
  const bool shaped = json.is_object() && json.size() == 1 && json.begin()->is_string() &&
                      (json.contains("String") || json.contains("Regex"));
  check_data(shaped, "{}: pattern: expected {{\"String\": …}} or {{\"Regex\": …}}, got {}", source,
             json.dump().substr(0, 100));
  const std::string text = json.begin()->get<std::string>();
  if (json.contains("String")) {
    return [text](std::string_view where) { return find_text(where, text); };
  }
  // Lines end at \n alone, and ^ and $ stand at their ends.
  UErrorCode status = U_ZERO_ERROR;
  UParseError where{};
  const std::shared_ptr<const icu::RegexPattern> pattern(
      icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(as_icu_reads_it(text)),
                                 UREGEX_MULTILINE | UREGEX_UNIX_LINES, where, status));
  check_data(U_SUCCESS(status) && pattern, "{}: the regular expression {} is not supported: {}",
             source, text.substr(0, 200), u_errorName(status));
  return [pattern, source](std::string_view in) { return find_expression(in, *pattern, source); };
}

std::string replace_matches(std::string_view text, const SpanFinder& find, std::string_view content,
                            const std::string& source) {
  std::string result;
  for (const TextSpan& span : find(text)) {
    result += span.matches ? content : text.substr(span.begin, span.end - span.begin);
    check_data(result.size() <= replaced_size_limit, "{}: Replace: makes more than {} bytes",
               source, replaced_size_limit);
  }
  return result;
}

SpanFinder class_finder(unsigned classes) {
  return [classes](std::string_view text) {
    const CharacterClasses& table = CharacterClasses::get();
    std::vector<TextSpan> spans;
    for (std::size_t begin = 0; begin < text.size();) {
      const DecodedCharacter character = character_at(text, begin);
      if ((table.of(character.value) & classes) != 0) {
        add_match(spans, begin, character.end);
      }
      begin = character.end;
    }
    add_rest(spans, text);
    return spans;
  };
}

SplitBehavior split_behavior(const std::string& name, const std::string& source) {
  constexpr const char* names[] = {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext",
                                   "Contiguous"};
  const auto* const found = std::ranges::find(names, name);
  check_data(found != std::end(names), "{}: behavior: '{}' is unknown", source, name);
  return static_cast<SplitBehavior>(found - std::begin(names));
}

std::vector<TextSpan> apply_behavior(const std::vector<TextSpan>& spans, SplitBehavior behavior) {
  std::vector<TextSpan> result;
  bool previous = false;
  const auto step = [&](const TextSpan& span) {
    const bool joins = behavior == SplitBehavior::contiguous ? span.matches == previous
                                                             : span.matches && !previous;
    previous = span.matches;
    if (joins && !result.empty()) {
      result.back().begin = std::min(result.back().begin, span.begin);
      result.back().end = std::max(result.back().end, span.end);
    } else {
      result.push_back(span);
    }
  };
  switch (behavior) {
    case SplitBehavior::removed:
      std::ranges::copy_if(spans, std::back_inserter(result),
                           [](const TextSpan& span) { return !span.matches; });
      break;
    case SplitBehavior::isolated:
      result = spans;
      break;
    case SplitBehavior::merged_with_next:
      std::for_each(spans.rbegin(), spans.rend(), step);
      std::ranges::reverse(result);
      break;
    default:
      std::ranges::for_each(spans, step);
  }
  return result;
}

}  // namespace heed
