// SentencePiece's table of rewritings, as tokenizer.json carries it.
#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include <memory>

#include "heed/base/error.h"
#include "heed/text/characters.h"
#include "heed/text/normalization_table.h"
#include "heed/text/pipeline/normalizers.h"
#include "heed/text/pipeline/step_json.h"

namespace heed {

namespace {

std::string decode_base64(const std::string& text, const std::string& source) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t end = text.find_last_not_of('=') + 1;
  check_data(text.size() % 4 == 0 && text.size() - end <= 2,
             "{}: precompiled_charsmap: not in base64", source);
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, end)) {
    const std::size_t digit = digits.find(c);
    check_data(digit != std::string_view::npos, "{}: precompiled_charsmap: not in base64", source);
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFFu);
    }
  }
  return bytes;
}

// Calls visit(begin, end) for the user-perceived characters of a text (grapheme clusters).
template <typename Visit>
void for_each_grapheme(std::string_view text, Visit&& visit) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  check(U_SUCCESS(status), "ICU cannot find the characters of a text: {}", u_errorName(status));
  breaks->setText(wide);
  std::size_t begin = 0;
  std::int32_t place = 0;
  for (std::int32_t next = breaks->next(); next != icu::BreakIterator::DONE;
       next = breaks->next()) {
    std::size_t end = begin;
    while (place < next) {
      const DecodedCharacter character = character_at(text, end);
      place += character.value > 0xFFFF ? 2 : 1;
      end = character.end;
    }
    visit(begin, end);
    begin = end;
  }
}

}  // namespace

// As Hugging Face's `tokenizers` does it: a grapheme of up to five bytes becomes, as a whole, what
// the shortest entry that it begins with says; otherwise each of its characters does.
Normalizer precompiled_normalizer(const Json& json, const std::string& source) {
  const StepReader step(json, source);
  const std::string bytes = decode_base64(step.text("precompiled_charsmap", ""), source);
  check_normalization_table(bytes, source);
  const auto table = std::make_shared<const NormalizationTable>(bytes);
  return [table](std::string_view text) {
    std::string result;
    const auto rewrite = [&](std::string_view part) {
      const NormalizationTable::Rewriting found = table->shortest(part);
      result += found.size > 0 ? found.text : std::string_view();
      return found.size > 0;
    };
    for_each_grapheme(text, [&](std::size_t begin, std::size_t end) {
      if (end - begin < 6 && rewrite(text.substr(begin, end - begin))) {
        return;
      }
      while (begin < end) {
        const std::size_t next = character_at(text, begin).end;
        const std::string_view character = text.substr(begin, next - begin);
        if (!rewrite(character)) {
          result += character;
        }
        begin = next;
      }
    });
    return result;
  };
}

}  // namespace heed
