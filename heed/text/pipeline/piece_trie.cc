#include "heed/text/pipeline/piece_trie.h"

#include <algorithm>

namespace heed {

PieceTrie::PieceTrie(std::vector<std::pair<std::string_view, int>> entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const auto& a, const auto& b) { return a.first == b.first; }),
                entries.end());
  // The entries below each node, which share as many bytes as the node is deep.
  struct Range {
    std::size_t begin, end, depth;
  };
  std::vector<Range> ranges{{0, entries.size(), 0}};
  nodes_.emplace_back();
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    auto [begin, end, depth] = ranges[node];
    if (begin < end && entries[begin].first.size() == depth) {
      nodes_[node].value = depth > 0 ? entries[begin].second : -1;
      ++begin;
    }
    nodes_[node].first_child = static_cast<std::uint32_t>(nodes_.size());
    while (begin < end) {
      const char label = entries[begin].first[depth];
      std::size_t next = begin;
      while (next < end && entries[next].first[depth] == label) {
        ++next;
      }
      ++nodes_[node].children;
      nodes_.push_back({.label = static_cast<std::uint8_t>(label)});
      ranges.push_back({begin, next, depth + 1});
      if (node == 0) {
        roots_[static_cast<std::uint8_t>(label)] = static_cast<std::uint32_t>(nodes_.size() - 1);
      }
      begin = next;
    }
  }
}

}  // namespace heed
