#include "heed/text/pipeline/token_places.h"

#include <algorithm>
#include <string>

#include "heed/text/byte_level.h"
#include "heed/text/characters.h"

namespace heed {

namespace {

// A part of a text and what a normalizer makes of it alone.
struct Normalized {
  std::size_t begin, end;
  std::string text;
};

void add_places(const Normalized& part, const TokenSpan* places, std::vector<TokenSpan>& result) {
  const TokenSpan place{places[part.begin].begin, places[part.end - 1].end};
  result.insert(result.end(), part.text.size(), place);
}

std::ptrdiff_t count_characters(std::string_view text) {
  return std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u; });
}

bool continues(std::string_view text, std::size_t at) {
  return (CharacterClasses::get().of(character_at(text, at).value) & mark_class) != 0;
}

// The parts of a text, of which each but the first begins where begins(at) says; normalized.
template <typename Begins>
std::vector<Normalized> cut(const Normalizer& normalize, std::string_view text, Begins&& begins) {
  std::vector<Normalized> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = character_at(text, begin).end;
    while (end < text.size() && !begins(end)) {
      end = character_at(text, end).end;
    }
    parts.push_back({begin, end, normalize(text.substr(begin, end - begin))});
    begin = end;
  }
  return parts;
}

bool make(const std::vector<Normalized>& parts, std::string_view whole) {
  for (const Normalized& part : parts) {
    if (!whole.starts_with(part.text)) {
      return false;
    }
    whole.remove_prefix(part.text.size());
  }
  return whole.empty();
}

// For a normalizer whose work on a text is not its work on the text's parts: what parts give that
// stand in the whole one after the other have their places, and what lies between them has all
// those between.
std::vector<TokenSpan> found_places(const std::vector<Normalized>& parts, std::string_view whole,
                                    const TokenSpan* places) {
  std::vector<TokenSpan> result;
  const TokenSpan begin{places[0].begin, places[0].begin};
  std::size_t done = 0;
  TokenSpan last = begin;
  for (const Normalized& part : parts) {
    const std::size_t at = part.text.empty() ? std::string_view::npos : whole.find(part.text, done);
    if (at == std::string_view::npos || at > done + part.text.size() + 4) {
      continue;
    }
    result.insert(result.end(), at - done, {last.end, places[part.begin].begin});
    add_places(part, places, result);
    last = result.back();
    done = at + part.text.size();
  }
  result.insert(result.end(), whole.size() - done, last);
  return result;
}

}  // namespace

std::vector<TokenSpan> places_of_characters(std::string_view text) {
  std::vector<TokenSpan> places;
  places.reserve(text.size());
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = character_at(text, begin).end;
    places.insert(places.end(), end - begin,
                  {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    begin = end;
  }
  return places;
}

std::vector<TokenSpan> places_after(const Normalizer& normalize, std::string_view text,
                                    const TokenSpan* places, std::string_view normalized) {
  std::vector<Normalized> parts = cut(normalize, text, [](std::size_t) { return true; });
  if (!make(parts, normalized)) {
    std::vector<Normalized> letters =
        cut(normalize, text, [&](std::size_t at) { return !continues(text, at); });
    if (!make(letters, normalized)) {
      return found_places(parts, normalized, places);
    }
    parts = std::move(letters);
  }
  std::vector<TokenSpan> result;
  result.reserve(normalized.size());
  for (const Normalized& part : parts) {
    add_places(part, places, result);
  }
  return result;
}

std::vector<TokenSpan> places_of_rewritten(const Word& word, std::string_view text) {
  std::vector<TokenSpan> result;
  const std::uint32_t begin = word.text.empty() ? 0 : word.places[0].begin;
  std::size_t at = 0;  // in word.text
  const bool spelled = spell_bytes(word.text) == text && word.text != text;
  const bool prepended = !spelled && count_characters(text) > count_characters(word.text);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = character_at(text, i).end - i;
    if ((prepended && i == 0) || at >= word.text.size()) {
      result.insert(result.end(), size, {begin, begin});
      i += size;
      continue;
    }
    const std::size_t step = spelled ? 1 : character_at(word.text, at).end - at;
    result.insert(result.end(), size, word.places[at]);
    at += step;
    i += size;
  }
  return result;
}

std::size_t SubwordModel::length_of(int id, std::string_view rest, bool) const {
  const std::string& piece = pieces().piece(id);
  return !piece.empty() && rest.starts_with(piece) ? piece.size() : 0;
}

void add_spans(const SubwordModel& model, const Word& word, std::span<const int> ids,
               std::vector<TokenSpan>& spans) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string_view rest = word.text.substr(at);
    std::size_t length = std::min(model.length_of(ids[i], rest, at == 0), rest.size());
    if (length == 0 && !rest.empty()) {  // unknown: up to where the next piece stands
      const bool last = i + 1 == ids.size();
      for (std::size_t end = 0; length == 0;) {
        ++end;
        while (end < rest.size() && (static_cast<unsigned char>(rest[end]) & 0xC0u) == 0x80u) {
          ++end;
        }
        if (end >= rest.size() ||
            (!last && model.length_of(ids[i + 1], rest.substr(end), false) > 0)) {
          length = end;
        }
      }
    }
    const TokenSpan end = at == 0 ? TokenSpan{word.places[0].begin, word.places[0].begin}
                                  : TokenSpan{word.places[at - 1].end, word.places[at - 1].end};
    spans.push_back(
        length == 0 ? end : TokenSpan{word.places[at].begin, word.places[at + length - 1].end});
    at += length;
  }
}

void trim_spans(std::string_view text, std::vector<TokenSpan>& spans) {
  for (TokenSpan& span : spans) {
    while (span.begin < span.end && text[span.begin] == ' ') {
      ++span.begin;
    }
    while (span.end > span.begin && text[span.end - 1] == ' ') {
      --span.end;
    }
  }
}

}  // namespace heed
