#include "heed/text/learnable_lines.h"

#include <algorithm>
#include <array>
#include <span>

#include "heed/base/error.h"
#include "heed/base/message.h"
#include "heed/text/tokenizer.h"

namespace heed {

namespace {

bool spells_special_piece(std::string_view line) {
  for (const std::string_view piece : {end_piece, unknown_piece, pad_piece}) {
    if (line.find(piece) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

// Behind the last of the marks in the text; 0 when there is none.
std::size_t end_of_last(std::string_view text, std::span<const std::string_view> marks) {
  std::size_t end = 0;
  for (const std::string_view mark : marks) {
    if (const std::size_t found = text.rfind(mark); found != std::string_view::npos) {
      end = std::max(end, found + mark.size());
    }
  }
  return end;
}

// How much of a line that is too long stands in its first part.
std::size_t part_size(std::string_view line) {
  static constexpr std::array<std::string_view, 9> sentence_ends = {". ", "! ", "? ", "。", "！",
                                                                    "？", "। ", "؟ ", "۔ "};
  static constexpr std::array<std::string_view, 3> spaces = {" ", "\t", "\u3000"};
  const std::string_view part = line.substr(0, LearnableLines::line_limit);
  if (const std::size_t end = end_of_last(part, sentence_ends); end > 0) {
    return end;
  }
  if (const std::size_t end = end_of_last(part, spaces); end > 0) {
    return end;
  }
  std::size_t end = part.size();
  while (end > 1 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) {
    --end;
  }
  return end;
}

}  // namespace

LearnableLines::LearnableLines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    check_data(line.find('\0') == std::string::npos, "tokenizer: a line has a NUL byte");
    if (spells_special_piece(line)) {
      ++spelling_;
    } else if (line.size() > line_limit) {
      add_parts(line);
    } else if (!line.empty()) {
      lines_.push_back(&line);
    }
  }
}

void LearnableLines::add_parts(std::string_view line) {
  ++cut_;
  while (!line.empty()) {
    const std::size_t size = line.size() > line_limit ? part_size(line) : line.size();
    lines_.push_back(&parts_.emplace_back(line.substr(0, size)));
    line.remove_prefix(size);
  }
}

void LearnableLines::tell(const TextRemark& remark) const {
  if (cut_ > 0) {
    remark(format_message(
        "the tokenizer learns from lines of up to {} bytes: {} longer ones were cut into {} parts",
        line_limit, cut_, parts_.size()));
  }
  if (spelling_ > 0) {
    remark(format_message(
        "{} lines spell out {}, {} or {}, pieces with a meaning of their own: the tokenizer does "
        "not learn from them",
        spelling_, end_piece, unknown_piece, pad_piece));
  }
}

}  // namespace heed
