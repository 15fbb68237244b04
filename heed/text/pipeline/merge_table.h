// The merges of byte-pair encoding, and the merging itself (Sennrich et al., "Neural machine
// translation of rare words with subword units", 2016).
//
// Thread-safety: const once filled; threads may share one.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace heed {

class MergeTable {
 public:
  static constexpr std::uint32_t no_rank = std::numeric_limits<std::uint32_t>::max();

  struct Merge {
    int left = 0;
    int right = 0;
    int merged = 0;
  };
  // The rank of a merge is its place. Of two for the same pair the later one counts.
  explicit MergeTable(const std::vector<Merge>& merges);

  // Replaces, again and again, the pair of neighbours of the lowest rank, the first of equals, by
  // what it becomes, in O(n log n).
  void apply(std::vector<int>& symbols) const;

 private:
  struct Slot {
    std::uint64_t pair = ~std::uint64_t{0};
    std::uint32_t rank = no_rank;
    int merged = 0;
  };

  static std::uint64_t key(int left, int right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 |
           static_cast<std::uint32_t>(right);
  }
  std::size_t place_of(std::uint64_t pair) const {
    return static_cast<std::size_t>(pair * 0x9E3779B97F4A7C15u >> shift_);
  }
  const Slot& find(int left, int right) const {
    const std::uint64_t pair = key(left, right);
    for (std::size_t place = place_of(pair);; place = (place + 1) & (slots_.size() - 1)) {
      if (slots_[place].pair == pair || slots_[place].rank == no_rank) {
        return slots_[place];
      }
    }
  }
  void apply_to_few(std::vector<int>& symbols) const;
  void apply_to_many(std::vector<int>& symbols) const;

  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  int shift_ = 0;
};

}  // namespace heed
