// Memory of tensors: 64-byte aligned blocks from a caching allocator.
//
// Freed blocks are kept by size class and handed out again, so that a training step after the first
// few takes next to nothing from the system; kept and live blocks together stay near the peak of
// live ones. Statistics count live bytes, the peak of live bytes, and what the cache holds.
//
// Thread-safety: the allocator and the stamps, any thread; the bytes of a storage are their users'
// to guard.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace heed {

struct MemoryStatistics {
  std::uint64_t live_bytes = 0;    // handed out now
  std::uint64_t peak_bytes = 0;    // the most that was ever handed out at once
  std::uint64_t cached_bytes = 0;  // freed and kept for reuse
};

MemoryStatistics memory_statistics();
// Starts a new peak at the present live bytes.
void reset_peak_memory();
// Gives cached blocks back to the system.
void release_cached_memory();

class Storage {
 public:
  // Uninitialised memory of `bytes` bytes.
  explicit Storage(std::size_t bytes);
  // Wraps memory owned by `owner` (a mapped file, say); read-only by agreement.
  Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> owner);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

  // A number that is unique to this content: backends may keep what they derived from a storage
  // (packed weights) as long as the stamp stays the same. 0 means "do not keep anything".
  std::uint64_t stamp() const { return stamp_.load(std::memory_order_relaxed); }
  // Declares that the content changed and will stay as it is for a while.
  void renew_stamp();

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  // of the block, at least size_
  std::shared_ptr<const void> owner_;
  std::atomic<std::uint64_t> stamp_{0};
};

}  // namespace heed
