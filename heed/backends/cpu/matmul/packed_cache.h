// Packed copies of weights, kept until the weight changes.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "heed/backends/cpu/matmul/pack.h"
#include "heed/base/brief_mutex.h"

namespace heed::cpu {

// Which matrix was packed, and how.
struct PackedKey {
  const void* data;
  std::int64_t stride, n, k, chunk;
  bool transposed;
  PackedType type;
  friend bool operator==(const PackedKey&, const PackedKey&) = default;
};
struct PackedKeyHash {
  std::size_t operator()(const PackedKey& key) const {
    auto hash = reinterpret_cast<std::uintptr_t>(key.data);
    for (const std::int64_t part :
         {key.stride, key.n, key.k, key.chunk, std::int64_t{key.transposed},
          static_cast<std::int64_t>(key.type)}) {
      hash = (hash ^ static_cast<std::uint64_t>(part)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 32;
    }
    return static_cast<std::size_t>(hash);
  }
};

struct PackedWeightStatistics {
  std::uint64_t hits = 0, misses = 0, bytes = 0, entries = 0;
};

// Keeps at most a quarter of the machine's memory, the least recently used dropped first, and none
// that went unused for a while as others were fetched: its weight has changed or is gone. `Packed`
// says its bytes(). Any number of threads may fetch at once.
template <typename Packed>
class PackedCache {
 public:
  using Clock = std::chrono::steady_clock;

  // What goes unused for longer is dropped.
  static constexpr Clock::duration idle_limit = std::chrono::minutes(1);

  // The copy of a matrix of this stamp. When there is none, or an old one, make() gives one, unless
  // the matrix was asked for at most `patience` times: then null.
  template <typename Make>
  std::shared_ptr<const Packed> fetch(const PackedKey& key, std::uint64_t stamp, Make&& make,
                                      int patience = 0, Clock::time_point now = Clock::now()) {
    {
      std::lock_guard lock(mutex_);
      drop_idle(now);
      if (auto packed = find(key, stamp, now)) {
        return packed;
      }
      if (patience > 0 && !asked_often(key, stamp, patience)) {
        return nullptr;
      }
    }
    std::shared_ptr<const Packed> packed = make();  // not under the lock: the pool packs
    keep(key, stamp, now, packed);
    return packed;
  }

  // Whether fetch() would give a copy.
  bool worth_making(const PackedKey& key, std::uint64_t stamp, int patience) {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    return (found != entries_.end() && found->second.stamp == stamp) ||
           asked_often(key, stamp, patience);
  }

  PackedWeightStatistics statistics() {
    std::lock_guard lock(mutex_);
    statistics_.entries = entries_.size();
    return statistics_;
  }

 private:
  struct Entry {
    std::uint64_t stamp;
    Clock::time_point used;
    std::shared_ptr<const Packed> packed;
    std::list<PackedKey>::iterator place;
  };
  using Entries = std::unordered_map<PackedKey, Entry, PackedKeyHash>;
  struct Asked {
    std::uint64_t stamp = 0;
    int times = 0;
  };
  static constexpr std::size_t asked_limit = 1 << 16;

  static std::uint64_t quarter_of_memory() {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_size = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_size > 0
               ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_size) / 4
               : std::uint64_t{1} << 30;
  }

  std::shared_ptr<const Packed> find(const PackedKey& key, std::uint64_t stamp,
                                     Clock::time_point now) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      ++statistics_.misses;
      return nullptr;
    }
    if (found->second.stamp != stamp) {
      // Given back before the new copy is made: its memory serves again.
      drop(found);
      ++statistics_.misses;
      return nullptr;
    }
    ++statistics_.hits;
    found->second.used = now;
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second.packed;
  }

  // Counts the call.
  bool asked_often(const PackedKey& key, std::uint64_t stamp, int patience) {
    if (asked_.size() >= asked_limit) {
      asked_.clear();
    }
    Asked& asked = asked_[key];
    asked = {stamp, asked.stamp == stamp ? asked.times + 1 : 1};
    return asked.times > patience;
  }

  void keep(const PackedKey& key, std::uint64_t stamp, Clock::time_point now,
            std::shared_ptr<const Packed> packed) {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(key); found != entries_.end()) {
      drop(found);
    }
    if (packed->bytes() > limit_) {
      return;
    }
    while (statistics_.bytes + packed->bytes() > limit_) {
      drop(entries_.find(order_.back()));
    }
    statistics_.bytes += packed->bytes();
    order_.push_front(key);
    entries_[key] = {stamp, now, std::move(packed), order_.begin()};
  }

  void drop_idle(Clock::time_point now) {
    while (!order_.empty()) {
      const auto oldest = entries_.find(order_.back());
      if (now - oldest->second.used <= idle_limit) {
        return;
      }
      drop(oldest);
    }
  }

  void drop(typename Entries::iterator entry) {
    statistics_.bytes -= entry->second.packed->bytes();
    order_.erase(entry->second.place);
    entries_.erase(entry);
  }

  const std::uint64_t limit_ = quarter_of_memory();
  BriefMutex mutex_;
  Entries entries_;
  std::unordered_map<PackedKey, Asked, PackedKeyHash> asked_;  // for copies that were not made
  std::list<PackedKey> order_;
  PackedWeightStatistics statistics_;
};

}  // namespace heed::cpu
