#include "heed/text/pipeline/normalizers.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <vector>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/characters.h"
#include "heed/text/pipeline/pattern.h"
#include "heed/text/pipeline/step_json.h"

namespace heed {

namespace {

const icu::Normalizer2& normalizer_of_form(const std::string& form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = form == "NFC"    ? icu::Normalizer2::getNFCInstance(status)
                                       : form == "NFD"  ? icu::Normalizer2::getNFDInstance(status)
                                       : form == "NFKC" ? icu::Normalizer2::getNFKCInstance(status)
                                                        : icu::Normalizer2::getNFKDInstance(status);
  check(U_SUCCESS(status) && normalizer != nullptr, "ICU has no {}: {}", form, u_errorName(status));
  return *normalizer;
}

Normalizer sequence_of(const StepReader& step) {
  std::vector<Normalizer> steps;
  for (const Json& part : step.list("normalizers")) {
    steps.push_back(make_normalizer(part, step.source()));
  }
  return [steps, source = step.source()](std::string_view text) {
    std::string result(text);
    for (const Normalizer& each : steps) {
      result = each(result);
      check_data(result.size() <= replaced_size_limit, "{}: makes more than {} bytes", source,
                 replaced_size_limit);
    }
    return result;
  };
}

Normalizer replacer(const StepReader& step) {
  const SpanFinder find = pattern_finder(step.value("pattern"), step.source());
  const std::string content = step.text("content");
  return [find, content, source = step.source()](std::string_view text) {
    return replace_matches(text, find, content, source);
  };
}

Normalizer stripper(bool left, bool right) {
  return [left, right](std::string_view text) {
    const CharacterClasses& classes = CharacterClasses::get();
    const auto is_space = [&](std::size_t at) {
      return (classes.of(character_at(text, at).value) & space_class) != 0;
    };
    std::size_t begin = 0, end = text.size();
    while (left && begin < end && is_space(begin)) {
      begin = character_at(text, begin).end;
    }
    while (right && end > begin && is_space(character_before(text, end))) {
      end = character_before(text, end);
    }
    return std::string(text.substr(begin, end - begin));
  };
}

}  // namespace

std::string normalize_unicode(std::string_view text, const std::string& form) {
  const icu::Normalizer2& normalizer = normalizer_of_form(form);
  UErrorCode status = U_ZERO_ERROR;
  std::string result;
  const icu::UnicodeString normalized =
      normalizer.normalize(icu::UnicodeString::fromUTF8(icu::StringPiece(
                               text.data(), static_cast<std::int32_t>(text.size()))),
                           status);
  check(U_SUCCESS(status), "ICU cannot normalize a text: {}", u_errorName(status));
  return normalized.toUTF8String(result);
}

std::string lower_characters(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t begin = 0; begin < text.size();) {
    const DecodedCharacter character = character_at(text, begin);
    if (character.value < 0x80) {
      const bool upper = character.value >= 'A' && character.value <= 'Z';
      result += static_cast<char>(character.value + (upper ? 0x20 : 0));
    } else if (character.value == 0x130) {
      result += "i\u0307";  // the one character that becomes two
    } else {
      result +=
          encode_utf8(static_cast<char32_t>(u_tolower(static_cast<UChar32>(character.value))));
    }
    begin = character.end;
  }
  return result;
}

std::string without_class(std::string_view text, unsigned character_class) {
  const CharacterClasses& classes = CharacterClasses::get();
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const DecodedCharacter character = character_at(text, begin);
    if ((classes.of(character.value) & character_class) == 0) {
      result += text.substr(begin, character.end - begin);
    }
    begin = character.end;
  }
  return result;
}

Normalizer make_normalizer(const Json& json, const std::string& source) {
  if (json.is_null()) {
    return {};
  }
  const StepReader step(json, source);
  const std::string& type = step.type();
  if (type == "Sequence") {
    return sequence_of(step);
  }
  if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
    return [type](std::string_view text) { return normalize_unicode(text, type); };
  }
  if (type == "Lowercase") {
    return lower_characters;
  }
  if (type == "StripAccents") {
    return [](std::string_view text) { return without_class(text, mark_class); };
  }
  if (type == "Strip") {
    return stripper(step.flag("strip_left"), step.flag("strip_right"));
  }
  if (type == "Replace") {
    return replacer(step);
  }
  if (type == "Prepend") {
    const std::string prefix = step.text("prepend");
    return [prefix](std::string_view text) {
      return text.empty() ? std::string() : prefix + std::string(text);
    };
  }
  if (type == "BertNormalizer") {
    return bert_normalizer(json, source);
  }
  if (type == "Precompiled") {
    return precompiled_normalizer(json, source);
  }
  step.refuse();
}

}  // namespace heed
