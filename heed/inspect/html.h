// Writing HTML and SVG from text that anyone may have written: every piece of data goes through one
// of these functions on its way into a page.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "heed/base/json_forward.h"

namespace heed {

// How a character is shown that has no shape: "<U+FFFE>".
std::string code_point_name(char32_t code_point);

// Valid UTF-8 of characters that HTML and XML may hold: bytes that are not UTF-8 become U+FFFD;
// controls other than tab and newline, and noncharacters, their names (code_point_name).
std::string printable_text(std::string_view text);

// Text safe between tags and inside quoted attributes, of HTML and of XML: printable_text with
// & < > " ' as character references.
std::string escape_html(std::string_view text);

// JSON safe inside <script type="application/json">: no '<', '>' or '&' is left, so that no
// "</script>" or "<!--" can end the element early. Invalid UTF-8 becomes U+FFFD.
std::string json_for_script(const Json& json);

// Base64 with padding (RFC 4648, section 4).
std::string encode_base64(std::span<const unsigned char> bytes);

// A number of a page, with six significant digits; null where it is not finite.
Json shown_number(double value);

// `value` with at most `digits` significant digits, so that its shortest decimal form is short.
double round_significant(double value, int digits);

}  // namespace heed
