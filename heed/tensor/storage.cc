#include "heed/tensor/storage.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include "heed/base/error.h"

namespace heed {

namespace {

constexpr std::size_t alignment = 64;

// Sizes are rounded up so that batches of nearly the same size share blocks: to an eighth of the
// power of two below, at least 64 bytes.
std::size_t rounded(std::size_t bytes) {
  const std::size_t floor = std::bit_floor(std::max<std::size_t>(bytes, 512));
  const std::size_t step = floor / 8;
  return (std::max<std::size_t>(bytes, 1) + step - 1) / step * step;
}

class CachingAllocator {
 public:
  std::byte* allocate(std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    std::lock_guard lock(mutex_);
    statistics_.live_bytes += size;
    statistics_.peak_bytes = std::max(statistics_.peak_bytes, statistics_.live_bytes);
    auto& free_blocks = free_blocks_[size];
    if (!free_blocks.empty()) {
      std::byte* block = free_blocks.back();
      free_blocks.pop_back();
      statistics_.cached_bytes -= size;
      return block;
    }
    return take_from_system(size);
  }

  void release(std::byte* block, std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    std::lock_guard lock(mutex_);
    statistics_.live_bytes -= size;
    statistics_.cached_bytes += size;
    free_blocks_[size].push_back(block);
  }

  void release_cached() {
    std::lock_guard lock(mutex_);
    free_all();
  }

  MemoryStatistics statistics() {
    std::lock_guard lock(mutex_);
    return statistics_;
  }

  void reset_peak() {
    std::lock_guard lock(mutex_);
    statistics_.peak_bytes = statistics_.live_bytes;
  }

 private:
  std::byte* take_from_system(std::size_t size) {
    // Blocks of other sizes must not pile up: the cache never holds more than what is in use.
    if (statistics_.cached_bytes > std::max<std::uint64_t>(statistics_.live_bytes, 64u << 20)) {
      free_all();
    }
    void* block = std::aligned_alloc(alignment, size);
    if (block == nullptr) {
      free_all();
      block = std::aligned_alloc(alignment, size);
    }
    if (block == nullptr) {
      statistics_.live_bytes -= size;
      fail(ErrorKind::failure, "out of memory: {} bytes asked for, {} in use", size,
           statistics_.live_bytes);
    }
    return static_cast<std::byte*>(block);
  }

  void free_all() {
    for (auto& [size, blocks] : free_blocks_) {
      for (std::byte* block : blocks) {
        std::free(block);
      }
      blocks.clear();
    }
    statistics_.cached_bytes = 0;
  }

  std::mutex mutex_;
  std::map<std::size_t, std::vector<std::byte*>> free_blocks_;
  MemoryStatistics statistics_;
};

// Never destroyed: tensors with static lifetime may outlive any other static object.
CachingAllocator& allocator() {
  static auto* instance = new CachingAllocator;
  return *instance;
}

}  // namespace

MemoryStatistics memory_statistics() {
  return allocator().statistics();
}
void reset_peak_memory() {
  allocator().reset_peak();
}
void release_cached_memory() {
  allocator().release_cached();
}

Storage::Storage(std::size_t bytes) : data_(allocator().allocate(bytes)), size_(bytes) {}

Storage::Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> owner)
    : data_(data), size_(bytes), owner_(std::move(owner)) {}

Storage::~Storage() {
  if (!owner_) {
    allocator().release(data_, size_);
  }
}

void Storage::renew_stamp() {
  static std::atomic<std::uint64_t> last{0};
  stamp_.store(last.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace heed
