#include "heed/text/normalization_table.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {

namespace {

// The library collects at most this many matches of one lookup.
constexpr int match_limit = 32;

// One unit of a double-array trie (Yata et al., "A compact static double-array keeping character
// codes", 2007), in the packing of the darts-clone library.
struct Unit {
  std::uint32_t bits;
  bool has_leaf() const { return (bits >> 8 & 1u) != 0; }
  std::uint32_t value() const { return bits & 0x7FFFFFFFu; }
  // Bit 31 marks a leaf, which no byte equals.
  std::uint32_t label() const { return bits & 0x800000FFu; }
  std::uint32_t offset() const { return (bits >> 10) << ((bits & 0x200u) >> 6); }
};

class TrieWalk {
 public:
  TrieWalk(std::string_view trie, std::string_view replacements, const std::string& source)
      : units_(trie.size() / sizeof(Unit)),
        matches_(units_.size(), unvisited),
        replacements_(replacements),
        source_(source) {
    require(!units_.empty(), "it has no nodes");
    std::memcpy(units_.data(), trie.data(), units_.size() * sizeof(Unit));
  }

  // Visits every unit that some input can reach, depth first. Branches with equal ends share them,
  // so a unit may be met again, but never on the way down to itself.
  void run() {
    link_children();
    enter(0);
    while (!open_.empty()) {
      Visit& visit = open_.back();
      const std::uint32_t child = visit.next_child;
      if (child == none) {
        leave();
        continue;
      }
      visit.next_child = next_sibling_[child];
      require(matches_[child] != being_visited, "a branch leads back to itself");
      if (matches_[child] == unvisited) {
        enter(child);
      } else {
        visit.deepest = std::max(visit.deepest, matches_[child]);
      }
    }
  }

 private:
  static constexpr int unvisited = -1;
  static constexpr int being_visited = -2;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct Visit {
    std::uint32_t unit;
    std::uint32_t next_child;
    int deepest = 0;  // the most matches on a path below
  };

  // The child of a unit for byte b is base ^ b, and its label is b. So a unit tells the base that
  // it is a child of, and nobody has to look for the children of each at 255 places. Lines with NUL
  // are refused before the library sees them: byte 0 is never looked up.
  void link_children() {
    first_child_.assign(units_.size(), none);
    next_sibling_.assign(units_.size(), none);
    for (std::size_t i = units_.size(); i-- > 0;) {
      const auto unit = static_cast<std::uint32_t>(i);
      const std::uint32_t byte = units_[unit].label();
      const std::uint32_t base = unit ^ byte;
      if (byte >= 1 && byte <= 255 && base < units_.size()) {
        next_sibling_[unit] = first_child_[base];
        first_child_[base] = unit;
      }
    }
  }

  void enter(std::uint32_t unit) {
    const std::uint32_t base = unit ^ units_[unit].offset();
    require((base | 0xFFu) < units_.size(), "a node leads outside it");
    if (units_[unit].has_leaf()) {
      check_replacement(units_[base].value());
    }
    matches_[unit] = being_visited;
    open_.push_back({unit, first_child_[base]});
  }

  void leave() {
    const Visit visit = open_.back();
    open_.pop_back();
    const int matches = visit.deepest + (units_[visit.unit].has_leaf() ? 1 : 0);
    require(matches <= match_limit, "too many entries share a beginning");
    matches_[visit.unit] = matches;
    if (!open_.empty()) {
      open_.back().deepest = std::max(open_.back().deepest, matches);
    }
  }

  void check_replacement(std::uint32_t start) const {
    require(start < replacements_.size(), "a replacement lies outside it");
    const std::size_t end = replacements_.find('\0', start);
    require(end != std::string_view::npos, "a replacement has no end");
    require(!find_invalid_utf8(replacements_.substr(start, end - start)),
            "a replacement is not valid UTF-8");
  }

  void require(bool condition, const char* what) const {
    check_data(condition, "{}: the normalisation table is damaged: {}", source_, what);
  }

  std::vector<Unit> units_;
  std::vector<int> matches_;  // of each unit: the most on a path from it on, or a state
  std::vector<std::uint32_t> first_child_;   // by base
  std::vector<std::uint32_t> next_sibling_;  // of each unit
  std::vector<Visit> open_;
  std::string_view replacements_;
  const std::string& source_;
};

}  // namespace

void check_normalization_table(std::string_view table, const std::string& source) {
  if (table.empty()) {
    return;
  }
  std::uint32_t trie_size = 0;
  const bool has_size = table.size() > sizeof trie_size;
  if (has_size) {
    std::memcpy(&trie_size, table.data(), sizeof trie_size);
  }
  const std::string_view rest = table.substr(has_size ? sizeof trie_size : table.size());
  check_data(has_size && trie_size < rest.size() && trie_size % sizeof(Unit) == 0,
             "{}: the normalisation table is damaged: its size does not fit", source);
  TrieWalk(rest.substr(0, trie_size), rest.substr(trie_size), source).run();
}

NormalizationTable::NormalizationTable(std::string_view table) {
  if (!table.empty()) {
    std::uint32_t trie_size = 0;
    std::memcpy(&trie_size, table.data(), sizeof trie_size);
    trie_ = table.substr(sizeof trie_size, trie_size);
    replacements_ = table.substr(sizeof trie_size + trie_size);
  }
}

NormalizationTable::Rewriting NormalizationTable::find(std::string_view text, bool first) const {
  const auto unit_at = [&](std::size_t place) {
    Unit unit{};
    std::memcpy(&unit, trie_.data() + place * sizeof unit, sizeof unit);
    return unit;
  };
  Rewriting result;
  if (trie_.empty()) {
    return result;
  }
  std::size_t place = unit_at(0).offset();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const Unit unit = unit_at(place ^ byte);
    if (byte == 0 || unit.label() != byte) {
      break;
    }
    place = place ^ byte ^ unit.offset();
    if (unit.has_leaf()) {
      result = {i + 1, replacements_.data() + unit_at(place).value()};
      if (first) {
        break;
      }
    }
  }
  return result;
}

}  // namespace heed
