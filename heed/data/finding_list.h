// Collects findings about a corpus, a bounded number of examples of each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "heed/data/corpus_check.h"

namespace heed {

enum class FindingKind {
  no_lines,
  line_counts,
  missing_column,
  invalid_utf8,
  nul_byte,
  line_too_long,
  empty_source,
  empty_target,
  empty_both,
  identical_sides,
  duplicate_pairs,
  different_targets,
  held_out_pairs,
  held_out_sources,
  swapped_sides,
  source_in_other_language,
  target_in_other_language,
  other_script,
  length_ratio,
  doubly_encoded,
  replacement_character,
  control_character,
  outer_white_space,
  count
};

class FindingList {
 public:
  explicit FindingList(int examples) : examples_(static_cast<std::size_t>(examples)) {
    findings_.resize(static_cast<std::size_t>(FindingKind::count));
  }

  void add(FindingKind kind, std::int64_t line, std::string note);
  // The findings that occurred, in the order of FindingKind.
  std::vector<Finding> take();

 private:
  std::size_t examples_;
  std::vector<Finding> findings_;
};

// The beginning of a text, for display: control characters and invalid bytes are shown escaped.
std::string excerpt(std::string_view text);

}  // namespace heed
