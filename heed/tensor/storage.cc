#include "heed/tensor/storage.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <vector>

#include "heed/base/brief_mutex.h"
#include "heed/base/error.h"
#include "heed/base/out_of_resources.h"
#include "heed/base/phase.h"

namespace heed {

namespace {

constexpr std::size_t alignment = 64;
// Blocks from this size on come from the system one by one, so that giving them back really does.
constexpr std::size_t mapped_size = std::size_t{1} << 20;
constexpr std::size_t huge_page = std::size_t{2} << 20;
// What may always be kept: for small models the system calls would cost more than the memory.
constexpr std::size_t cache_slack = std::size_t{32} << 20;

// Sizes are rounded up so that batches of nearly the same size share blocks: to an eighth of the
// power of two below, at least 64 bytes.
std::size_t rounded(std::size_t bytes) {
  const std::size_t floor = std::bit_floor(std::max<std::size_t>(bytes, 512));
  const std::size_t step = floor / 8;
  return (std::max<std::size_t>(bytes, 1) + step - 1) / step * step;
}

std::byte* take_from_system(std::size_t size) {
  if (size < mapped_size) {
    return static_cast<std::byte*>(std::aligned_alloc(alignment, size));
  }
  void* block = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) {
    return nullptr;
  }
  if (size >= huge_page) {
    ::madvise(block, size, MADV_HUGEPAGE);
  }
  return static_cast<std::byte*>(block);
}

void give_to_system(std::byte* block, std::size_t size) {
  if (size < mapped_size) {
    std::free(block);
  } else {
    ::munmap(block, size);
  }
}

struct Block {
  std::byte* data;
  std::size_t size;
};

class CachingAllocator {
 public:
  Block allocate(std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    std::lock_guard lock(mutex_);
    Block block = take_from_cache(size, size + size / 4);
    if (block.data == nullptr && !may_grow(size)) {
      // A block with more waste is better than giving others back for new memory, which the system
      // would have to clear.
      block = take_from_cache(size, 2 * size);
    }
    if (block.data == nullptr) {
      block = take_new(size);
    }
    statistics_.live_bytes += block.size;
    statistics_.peak_bytes = std::max(statistics_.peak_bytes, statistics_.live_bytes);
    return block;
  }

  void release(Block block) {
    std::lock_guard lock(mutex_);
    statistics_.live_bytes -= block.size;
    statistics_.cached_bytes += block.size;
    free_blocks_[block.size].push_back(block.data);
  }

  void release_cached() {
    std::lock_guard lock(mutex_);
    shrink_cache(0);
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
  // The smallest free block of `size` to `largest` bytes.
  Block take_from_cache(std::size_t size, std::size_t largest) {
    for (auto found = free_blocks_.lower_bound(size);
         found != free_blocks_.end() && found->first <= largest; ++found) {
      if (!found->second.empty()) {
        const Block block{found->second.back(), found->first};
        found->second.pop_back();
        statistics_.cached_bytes -= block.size;
        return block;
      }
    }
    return {nullptr, 0};
  }

  // What is in use and what is kept together never pass the peak of use by much: blocks of sizes
  // that no longer occur go back to the system.
  std::uint64_t bound() const {
    return statistics_.peak_bytes + statistics_.peak_bytes / 16 + cache_slack;
  }
  std::uint64_t held_with(std::size_t size) const {
    return statistics_.live_bytes + statistics_.cached_bytes + size;
  }
  bool may_grow(std::size_t size) const { return held_with(size) <= bound(); }

  Block take_new(std::size_t size) {
    if (!may_grow(size)) {
      const std::uint64_t excess = held_with(size) - bound();
      shrink_cache(statistics_.cached_bytes - std::min(statistics_.cached_bytes, excess));
    }
    std::byte* data = take_from_system(size);
    if (data == nullptr) {
      shrink_cache(0);
      data = take_from_system(size);
    }
    if (data == nullptr) {
      throw OutOfResources(
          format_message("out of memory{}: {} bytes asked for, for a tensor, {} in use by others",
                         while_text(), size, statistics_.live_bytes));
    }
    return {data, size};
  }

  // Gives free blocks back, the largest first, until at most `bytes` are kept.
  void shrink_cache(std::uint64_t bytes) {
    for (auto item = free_blocks_.rbegin();
         item != free_blocks_.rend() && statistics_.cached_bytes > bytes; ++item) {
      while (!item->second.empty() && statistics_.cached_bytes > bytes) {
        give_to_system(item->second.back(), item->first);
        item->second.pop_back();
        statistics_.cached_bytes -= item->first;
      }
    }
  }

  BriefMutex mutex_;
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

Storage::Storage(std::size_t bytes) : size_(bytes) {
  const Block block = allocator().allocate(bytes);
  data_ = block.data;
  capacity_ = block.size;
}

Storage::Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> owner)
    : data_(data), size_(bytes), owner_(std::move(owner)) {}

Storage::~Storage() {
  if (!owner_) {
    allocator().release({data_, capacity_});
  }
}

void Storage::renew_stamp() {
  static std::atomic<std::uint64_t> last{0};
  stamp_.store(last.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace heed
