// A trie over the bytes of pieces: which of them a text begins with.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace heed {

class PieceTrie {
 public:
  PieceTrie() = default;
  // Pieces and what they stand for, at least 0. Empty pieces are left out, and of equal ones all
  // but the first.
  explicit PieceTrie(std::vector<std::pair<std::string_view, int>> entries);

  // Calls visit(size, value) for each piece that the text begins with, the shortest first.
  template <typename Visit>
  void for_each_prefix(std::string_view text, Visit&& visit) const {
    std::uint32_t node = 0;
    for (std::size_t size = 0; size < text.size();) {
      node = child(node, static_cast<std::uint8_t>(text[size]));
      if (node == 0) {
        return;
      }
      ++size;
      if (nodes_[node].value >= 0) {
        visit(size, nodes_[node].value);
      }
    }
  }

 private:
  struct Node {
    std::uint32_t first_child = 0;
    std::uint16_t children = 0;  // which follow each other, by label
    std::uint8_t label = 0;
    int value = -1;
  };

  // 0: none.
  std::uint32_t child(std::uint32_t node, std::uint8_t label) const {
    if (node == 0) {
      return roots_[label];
    }
    std::uint32_t low = nodes_[node].first_child, high = low + nodes_[node].children;
    while (high - low > 4) {
      const std::uint32_t middle = low + (high - low) / 2;
      (nodes_[middle].label <= label ? low : high) = middle;
    }
    for (; low < high; ++low) {
      if (nodes_[low].label == label) {
        return low;
      }
    }
    return 0;
  }

  std::vector<Node> nodes_;
  std::array<std::uint32_t, 256> roots_{};
};

}  // namespace heed
