#include "heed/inspect/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "heed/base/json.h"
#include "heed/base/unicode.h"

namespace heed {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

// What neither HTML nor XML may hold, or no reader sees: controls, noncharacters.
bool is_forbidden(char32_t c) {
  const bool control = (c < 0x20 && c != U'\t' && c != U'\n') || (c >= 0x7F && c < 0xA0);
  const bool noncharacter = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
  return control || noncharacter;
}

void append_printable(std::string_view valid, std::string& out) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (std::all_of(valid.begin(), valid.end(), is_plain)) {
    out += valid;
    return;
  }
  for (const char32_t c : decode_utf8(valid)) {
    out += is_forbidden(c) ? code_point_name(c) : encode_utf8(c);
  }
}

}  // namespace

std::string code_point_name(char32_t code_point) {
  return fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(code_point));
}

std::string printable_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (const auto invalid = find_invalid_utf8(text)) {
    append_printable(text.substr(0, *invalid), out);
    out += replacement_character;
    text.remove_prefix(*invalid + 1);
  }
  append_printable(text, out);
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : printable_text(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string json_for_script(const Json& json) {
  std::string out;
  for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    switch (c) {  // these occur only inside JSON strings, where an escape means the same
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string encode_base64(std::span<const unsigned char> bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16;
    group |= count > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0;
    group |= count > 2 ? bytes[i + 2] : 0;
    out += alphabet[group >> 18 & 63];
    out += alphabet[group >> 12 & 63];
    out += count > 1 ? alphabet[group >> 6 & 63] : '=';
    out += count > 2 ? alphabet[group & 63] : '=';
  }
  return out;
}

Json shown_number(double value) {
  return std::isfinite(value) ? Json(round_significant(value, 6)) : Json();
}

double round_significant(double value, int digits) {
  if (value == 0.0 || !std::isfinite(value)) {
    return value;
  }
  const std::string text = fmt::format("{:.{}e}", value, digits - 1);
  double rounded = value;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

}  // namespace heed
