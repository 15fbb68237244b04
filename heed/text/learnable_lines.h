// Lines as SentencePiece's trainer can take them: it leaves out what is longer than its limit, and
// invents a piece a second time that stands in the text as such.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "heed/text/tokenizer_kinds.h"

namespace heed {

class LearnableLines {
 public:
  static constexpr std::size_t line_limit = 4192;  // bytes; the library's own limit

  // The lines must outlive this. A line of more than line_limit bytes is cut: behind the last
  // sentence that fits, else at the last white space, else between two characters. Empty lines, and
  // lines in which </s>, <unk> or <pad> is spelled out, are left out.
  explicit LearnableLines(const std::vector<std::string>& lines);

  const std::vector<const std::string*>& lines() const { return lines_; }

  // Says how many lines were cut, and how many left out because of what they spell.
  void tell(const TextRemark& remark) const;

 private:
  void add_parts(std::string_view line);

  std::vector<const std::string*> lines_;
  std::deque<std::string> parts_;  // of lines that were cut
  std::size_t cut_ = 0;
  std::size_t spelling_ = 0;
};

}  // namespace heed
