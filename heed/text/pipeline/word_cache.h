// Words whose ids are known already. It only grows, up to a fixed size: the words that come first
// are mostly the frequent ones.
//
// Thread-safety: threads may share one; nobody waits for another.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace heed {

class WordCache {
 public:
  static constexpr std::size_t longest_word = 96;  // bytes; longer ones are not kept

  WordCache() : slots_(slot_count) {}
  ~WordCache();
  WordCache(const WordCache&) = delete;
  WordCache& operator=(const WordCache&) = delete;

  static std::uint64_t hash(std::string_view word) { return std::hash<std::string_view>{}(word); }

  // Adds the ids of a word to `ids`; false when it is not here.
  bool find(std::string_view word, std::uint64_t hash, std::vector<int>& ids) const;
  void add(std::string_view word, std::uint64_t hash, std::span<const int> ids);

 private:
  static constexpr std::size_t slot_count = std::size_t{1} << 15;
  static constexpr std::size_t probes = 4;

  struct Entry;  // a word and its ids, in one piece of memory
  std::vector<std::atomic<const Entry*>> slots_;
};

}  // namespace heed
