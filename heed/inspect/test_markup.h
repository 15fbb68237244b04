// For tests: whether pages and pictures are what parsers of HTML and XML take without complaint.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/unicode.h"

namespace heed {

enum class Markup { xml, html };

// Reads a document strictly: characters that XML 1.0 (section 2.2) has, without the controls and
// noncharacters that HTML calls errors; elements closed in order; attributes quoted and given once;
// every & a reference. Of HTML also what it leaves open: elements without content, attributes
// without a value, text of scripts and styles.
class MarkupReader {
 public:
  MarkupReader(std::string_view text, Markup kind) : text_(text), html_(kind == Markup::html) {}

  // What is wrong first, and where; empty: nothing.
  std::string error() {
    read();
    return error_;
  }

 private:
  bool fail(const std::string& what) {
    if (error_.empty()) {
      const std::size_t from = at_ < 40 ? 0 : at_ - 40;
      error_ = fmt::format("{} at byte {}: …{}…", what, at_, text_.substr(from, 80));
    }
    return false;
  }

  bool check_characters() {
    if (const auto invalid = find_invalid_utf8(text_)) {
      at_ = *invalid;
      return fail("not UTF-8");
    }
    for (const char32_t c : decode_utf8(text_)) {
      const bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
      const bool nothing = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
      if (control || nothing) {
        at_ = text_.find(encode_utf8(c));
        return fail(fmt::format("character {:04X}", static_cast<unsigned>(c)));
      }
    }
    return true;
  }

  bool starts(std::string_view with) const { return text_.substr(at_).starts_with(with); }

  bool skip_past(std::string_view end, const char* what) {
    const std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) {
      return fail(std::string(what) + " without an end");
    }
    at_ = found + end.size();
    return true;
  }

  static bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == ':';
  }

  std::string name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name(text_[at_])) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  void spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
      ++at_;
    }
  }

  // A character reference, at its &.
  bool reference() {
    const std::size_t end = text_.find(';', at_);
    const std::string_view body =
        end == std::string_view::npos ? "" : text_.substr(at_ + 1, end - at_ - 1);
    const bool known =
        body == "amp" || body == "lt" || body == "gt" || body == "quot" ||
        (body.size() > 1 && body[0] == '#' && std::all_of(body.begin() + 1, body.end(), [](char c) {
           return std::isdigit(static_cast<unsigned char>(c)) != 0;
         }));
    if (!known) {
      return fail("& that begins no reference");
    }
    at_ = end + 1;
    return true;
  }

  bool attributes(bool& closed) {
    std::vector<std::string> seen;
    while (true) {
      spaces();
      if (starts("/>")) {
        at_ += 2;
        closed = true;
        return true;
      }
      if (starts(">")) {
        ++at_;
        return true;
      }
      const std::string key = name();
      if (key.empty()) {
        return fail("no attribute");
      }
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
        return fail("attribute twice: " + key);
      }
      seen.push_back(key);
      if (!starts("=")) {
        if (!html_) {
          return fail("attribute without a value: " + key);
        }
        continue;
      }
      ++at_;
      if (!quoted()) {
        return false;
      }
    }
  }

  bool quoted() {
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote != '"' && quote != '\'') {
      return fail("value without quotes");
    }
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '<') {
        return fail("< in a value");
      }
      if (text_[at_] != '&') {
        ++at_;
      } else if (!reference()) {
        return false;
      }
    }
    ++at_;
    return at_ <= text_.size() || fail("value without an end");
  }

  bool end_tag() {
    at_ += 2;
    const std::string closes = name();
    if (open_.empty() || open_.back() != closes) {
      return fail(fmt::format("</{}> where </{}> is due", closes,
                              open_.empty() ? "nothing" : open_.back()));
    }
    open_.pop_back();
    return starts(">") ? (++at_, true) : fail("end tag");
  }

  bool start_tag() {
    ++at_;
    const std::string opens = name();
    if (opens.empty()) {
      return fail("< that begins no element");
    }
    if (open_.empty() && ++roots_ > 1) {
      return fail("second root");
    }
    bool closed = false;
    if (!attributes(closed)) {
      return false;
    }
    const bool never_has_content =
        html_ && (opens == "meta" || opens == "link" || opens == "input");
    if (!closed && !never_has_content) {
      open_.push_back(opens);
    }
    if (html_ && (opens == "script" || opens == "style")) {  // whose text is no markup
      const std::size_t end = text_.find("</", at_);
      if (end == std::string_view::npos || !text_.substr(end + 2).starts_with(opens)) {
        return fail(opens + " that ends early");
      }
      at_ = end;
    }
    return true;
  }

  bool read() {
    if (!check_characters()) {
      return false;
    }
    if (html_) {
      if (!starts("<!doctype html>")) {
        return fail("no doctype");
      }
      at_ += 15;
    }
    while (at_ < text_.size()) {
      bool sound = true;
      if (starts("<!--")) {
        sound = skip_past("-->", "comment");
      } else if (starts("</")) {
        sound = end_tag();
      } else if (starts("<")) {
        sound = start_tag();
      } else if (starts("&")) {
        sound = reference();
      } else if (starts("]]>")) {
        sound = fail("]]>");
      } else if (open_.empty() && std::isspace(static_cast<unsigned char>(text_[at_])) == 0) {
        sound = fail("text outside the root");
      } else {
        ++at_;
      }
      if (!sound) {
        return false;
      }
    }
    return open_.empty() || fail("not closed: " + open_.back());
  }

  const std::string_view text_;
  const bool html_;
  std::size_t at_ = 0;
  int roots_ = 0;
  std::vector<std::string> open_;
  std::string error_;
};

// What is wrong with a document first; empty: nothing.
inline std::string markup_error(std::string_view text, Markup kind) {
  return MarkupReader(text, kind).error();
}

// Texts that break what is written carelessly: every control, noncharacters, invalid UTF-8, markup.
inline std::vector<std::string> hostile_texts() {
  std::vector<std::string> texts = {"\xEF\xBF\xBE",                  // U+FFFE
                                    "\xEF\xBF\xBF",                  // U+FFFF
                                    "\xEF\xB7\x90\xF0\x9F\xBF\xBF",  // U+FDD0, U+1FFFF
                                    "\xC2\x80\xC2\x85\xC2\x9F",      // U+0080, U+0085, U+009F
                                    "\xFF\xC3(\xED\xA0\x80",         // no UTF-8
                                    "</script></style></title></text><script>window.hit=1</script>",
                                    "]]>--><!--<![CDATA[",
                                    "&#0;&#xFFFE;&nothing;&",
                                    "\" onload='window.hit=1' x=\"",
                                    "\xE2\x80\xAE"
                                    "desrever",  // U+202E
                                    "\xE2\x96\x81<0xFF>",
                                    "",
                                    " "};
  for (char c = 0; c < 0x20; ++c) {
    texts.push_back(std::string("a") + c + "b");
  }
  texts.emplace_back("\x7F");
  return texts;
}

}  // namespace heed
