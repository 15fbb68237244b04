// The documents in a block of text.
#include <algorithm>
#include <functional>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/data/text_blocks.h"

namespace heed {

namespace {

using VisitStretch = std::function<void(const TextStretch&)>;

constexpr std::string_view mark_of_byte_order = "\xEF\xBB\xBF";

// Calls line(text, number) for each; text is without the line break, and without the CR before it.
template <typename OnLine>
void for_each_line(const TextBlock& block, OnLine&& on_line) {
  std::string_view text = block.text;
  if (block.begins && text.starts_with(mark_of_byte_order)) {
    text.remove_prefix(mark_of_byte_order.size());
  }
  for (std::int64_t number = block.line; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    on_line(line, number);
  }
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

void visit_paragraphs(const TextBlock& block, const VisitStretch& visit) {
  const char* begin = nullptr;
  const char* end = nullptr;
  const auto finish = [&] {
    if (begin != nullptr) {
      visit({{begin, static_cast<std::size_t>(end - begin)}, true, true});
    }
    begin = nullptr;
  };
  for_each_line(block, [&](std::string_view line, std::int64_t) {
    if (is_blank(line)) {
      finish();
      return;
    }
    begin = begin == nullptr ? line.data() : begin;
    end = line.data() + line.size();
  });
  finish();
}

void visit_json_lines(const TextBlock& block, const std::string& key, const VisitStretch& visit) {
  for_each_line(block, [&](std::string_view line, std::int64_t number) {
    if (is_blank(line)) {
      return;
    }
    const std::string source = format_message("{}:{}", block.file, number);
    const Json json = parse_json(line, source);
    check_data(json.is_object(), "{}: expected a JSON object with the text under '{}'", source,
               key);
    const auto found = json.find(key);
    check_data(found != json.end(), "{}: no key '{}'; json_key names the one that holds the text",
               source, key);
    check_data(found->is_string(), "{}: what stands under '{}' is no text", source, key);
    visit({found->get_ref<const std::string&>(), true, true});
  });
}

}  // namespace

void for_each_stretch(const TextBlock& block, const TextForm& form,
                      const std::function<void(const TextStretch&)>& visit) {
  const auto invalid = find_invalid_utf8(block.text);
  check_data(!invalid, "{}: invalid UTF-8 at byte {}", block.file,
             block.place + static_cast<std::int64_t>(invalid.value_or(0)));
  if (form.documents == "line") {
    for_each_line(block, [&](std::string_view line, std::int64_t) { visit({line, true, true}); });
  } else if (form.documents == "blank-line") {
    visit_paragraphs(block, visit);
  } else if (form.documents == "json") {
    visit_json_lines(block, form.json_key, visit);
  } else {
    const bool is_document = form.documents == "file";
    visit({block.text, is_document && block.begins, is_document && block.ends});
  }
}

}  // namespace heed
