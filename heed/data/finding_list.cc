#include "heed/data/finding_list.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {

namespace {

constexpr std::size_t excerpt_characters = 60;

struct KindDescription {
  const char* kind;
  const char* meaning;
  bool unusable;
};

constexpr std::array<KindDescription, static_cast<std::size_t>(FindingKind::count)> descriptions{{
    {"no_lines", "the corpus is empty", true},
    {"line_counts", "the sides have different line counts", true},
    {"missing_column", "lines lack a column", true},
    {"invalid_utf8", "lines are not valid UTF-8", true},
    {"nul_byte", "lines have a NUL byte", true},
    {"line_too_long", "lines are longer than allowed", true},
    {"empty_source", "the source is empty, the target not", false},
    {"empty_target", "the target is empty, the source not", false},
    {"empty_both", "both sides are empty", false},
    {"identical_sides", "source and target are the same", false},
    {"duplicate_pairs", "pairs occurred before", false},
    {"different_targets", "sources occurred before with another target", false},
    {"held_out_pairs", "held-out pairs stand in the corpus", false},
    {"held_out_sources", "held-out sources stand in the corpus with another target", false},
    {"swapped_sides", "the sides look swapped", false},
    {"source_in_other_language", "the source looks like the target's language", false},
    {"target_in_other_language", "the target looks like the source's language", false},
    {"other_script", "the script is not the side's usual one", false},
    {"length_ratio", "one side is much longer than the other", false},
    {"doubly_encoded", "characters look encoded twice, as in 'Ã¤'", false},
    {"replacement_character", "characters were lost and replaced by U+FFFD", false},
    {"control_character", "control or invisible characters", false},
    {"outer_white_space", "white space at the beginning or the end", false},
}};

}  // namespace

void FindingList::add(FindingKind kind, std::int64_t line, std::string note) {
  Finding& finding = findings_[static_cast<std::size_t>(kind)];
  ++finding.count;
  if (finding.examples.size() < examples_) {
    finding.examples.push_back({line, std::move(note)});
  }
}

std::vector<Finding> FindingList::take() {
  std::vector<Finding> result;
  for (std::size_t i = 0; i < findings_.size(); ++i) {
    if (findings_[i].count > 0) {
      findings_[i].kind = descriptions[i].kind;
      findings_[i].meaning = descriptions[i].meaning;
      findings_[i].unusable = descriptions[i].unusable;
      result.push_back(std::move(findings_[i]));
    }
  }
  return result;
}

std::string excerpt(std::string_view text) {
  std::string result;
  std::size_t shown = 0;
  while (!text.empty() && shown < excerpt_characters) {
    // A character at a time: at most four bytes, fewer when they are no valid character.
    std::size_t length = 0;
    for (std::size_t size = 1; size <= 4 && size <= text.size() && length == 0; ++size) {
      length = find_invalid_utf8(text.substr(0, size)) ? 0 : size;
    }
    const auto byte = static_cast<unsigned char>(text.front());
    const bool c1_control =
        length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0 || byte < 0x20 || byte == 0x7F || c1_control) {
      length = length == 0 ? 1 : length;
      for (const char escaped : text.substr(0, length)) {
        result += fmt::format("\\x{:02X}", static_cast<unsigned char>(escaped));
      }
    } else {
      result.append(text.substr(0, length));
    }
    text.remove_prefix(length);
    ++shown;
  }
  return text.empty() ? result : result + "…";
}

}  // namespace heed
