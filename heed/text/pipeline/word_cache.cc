#include "heed/text/pipeline/word_cache.h"

#include <cstring>
#include <new>

namespace heed {

// The ids follow, then the bytes of the word.
struct WordCache::Entry {
  std::uint32_t word_size;
  std::uint32_t id_count;

  const int* ids() const { return reinterpret_cast<const int*>(this + 1); }
  std::string_view word() const {
    return {reinterpret_cast<const char*>(ids() + id_count), word_size};
  }

  static const Entry* make(std::string_view word, std::span<const int> ids) {
    void* memory = ::operator new(sizeof(Entry) + ids.size_bytes() + word.size());
    auto* entry = new (memory)
        Entry{static_cast<std::uint32_t>(word.size()), static_cast<std::uint32_t>(ids.size())};
    auto* rest = reinterpret_cast<char*>(entry + 1);
    std::memcpy(rest, ids.data(), ids.size_bytes());
    std::memcpy(rest + ids.size_bytes(), word.data(), word.size());
    return entry;
  }
  static void destroy(const Entry* entry) { ::operator delete(const_cast<Entry*>(entry)); }
};

WordCache::~WordCache() {
  for (const auto& slot : slots_) {
    Entry::destroy(slot.load());
  }
}

bool WordCache::find(std::string_view word, std::uint64_t hash, std::vector<int>& ids) const {
  for (std::size_t probe = 0; probe < probes; ++probe) {
    const Entry* entry = slots_[(hash + probe) % slot_count].load(std::memory_order_acquire);
    if (entry == nullptr) {
      return false;
    }
    if (entry->word() == word) {
      ids.insert(ids.end(), entry->ids(), entry->ids() + entry->id_count);
      return true;
    }
  }
  return false;
}

void WordCache::add(std::string_view word, std::uint64_t hash, std::span<const int> ids) {
  if (word.size() > longest_word || ids.empty()) {
    return;
  }
  for (std::size_t probe = 0; probe < probes; ++probe) {
    std::atomic<const Entry*>& slot = slots_[(hash + probe) % slot_count];
    if (slot.load(std::memory_order_relaxed) == nullptr) {
      const Entry* entry = Entry::make(word, ids);
      const Entry* expected = nullptr;
      if (!slot.compare_exchange_strong(expected, entry, std::memory_order_acq_rel)) {
        Entry::destroy(entry);
      }
      return;
    }
  }
}

}  // namespace heed
