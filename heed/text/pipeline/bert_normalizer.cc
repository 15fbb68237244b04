// The normalizer of BERT's tokenizer (Devlin et al., 2019): control characters out, ideographs
// apart, accents and case as asked.
#include "heed/text/characters.h"
#include "heed/text/pipeline/normalizers.h"
#include "heed/text/pipeline/step_json.h"

namespace heed {

namespace {

std::string clean(std::string_view text) {
  const CharacterClasses& classes = CharacterClasses::get();
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const DecodedCharacter character = character_at(text, begin);
    const char32_t c = character.value;
    const std::uint8_t kind = classes.of(c);
    if (c == '\t' || c == '\n' || c == '\r') {
      result += ' ';
    } else if (c != 0 && c != 0xFFFD && (kind & other_class) == 0) {
      result += (kind & space_class) != 0 ? " " : text.substr(begin, character.end - begin);
    }
    begin = character.end;
  }
  return result;
}

// The blocks that BERT takes for Chinese: CJK ideographs, their extensions and compatibility forms.
bool is_chinese(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

std::string part_ideographs(std::string_view text) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const DecodedCharacter character = character_at(text, begin);
    const std::string_view bytes = text.substr(begin, character.end - begin);
    if (is_chinese(character.value)) {
      result.append(" ").append(bytes).append(" ");
    } else {
      result += bytes;
    }
    begin = character.end;
  }
  return result;
}

}  // namespace

Normalizer bert_normalizer(const Json& json, const std::string& source) {
  const StepReader step(json, source);
  const bool cleans = step.flag("clean_text", true);
  const bool chinese = step.flag("handle_chinese_chars", true);
  const bool lowercase = step.flag("lowercase", true);
  const bool strips = step.optional_flag("strip_accents").value_or(lowercase);
  return [=](std::string_view text) {
    std::string result = cleans ? clean(text) : std::string(text);
    if (chinese) {
      result = part_ideographs(result);
    }
    if (strips) {
      result = without_class(normalize_unicode(result, "NFD"), accent_class);
    }
    return lowercase ? lower_characters(result) : result;
  };
}

}  // namespace heed
