#include "heed/kernels/kernel.h"

#include <algorithm>
#include <mutex>
#include <thread>

namespace heed {

namespace {

// Pools live until the process ends: a context handed out earlier keeps a valid pointer.
struct PoolHolder {
  std::mutex mutex;
  std::array<std::unique_ptr<ThreadPool>, 1025> pools;
  int threads = 0;
};

PoolHolder& holder() {
  static PoolHolder instance;
  return instance;
}

}  // namespace

void set_thread_count(int threads) {
  check_usage(threads >= 1 && threads <= 1024, "threads: expected 1 to 1024, got {}", threads);
  std::lock_guard lock(holder().mutex);
  holder().threads = threads;
}

int thread_count() {
  std::lock_guard lock(holder().mutex);
  if (holder().threads == 0) {
    holder().threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  }
  return holder().threads;
}

ExecutionContext context_for(Device device) {
  const int threads = thread_count();
  std::lock_guard lock(holder().mutex);
  auto& pool = holder().pools[static_cast<std::size_t>(threads)];
  if (!pool) {
    pool = std::make_unique<ThreadPool>(threads);
  }
  return {device, pool.get()};
}

}  // namespace heed
