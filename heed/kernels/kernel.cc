#include "heed/kernels/kernel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace heed {

namespace {

constexpr int most_threads = 1024;

// Pools live until the process ends: a context handed out earlier keeps a valid pointer.
class Pools {
 public:
  void set_thread_count(int threads) {
    std::lock_guard lock(mutex_);
    threads_ = threads;
    current_.store(nullptr, std::memory_order_release);
  }
  ThreadPool& current() {
    ThreadPool* pool = current_.load(std::memory_order_acquire);
    return pool != nullptr ? *pool : make_current();
  }
  int thread_count() {
    std::lock_guard lock(mutex_);
    if (threads_ == 0) {
      threads_ = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    }
    return threads_;
  }

 private:
  ThreadPool& make_current() {
    const int threads = thread_count();
    std::lock_guard lock(mutex_);
    auto& pool = pools_[static_cast<std::size_t>(threads)];
    if (!pool) {
      pool = std::make_unique<ThreadPool>(threads);
    }
    if (threads == threads_) {
      current_.store(pool.get(), std::memory_order_release);
    }
    return *pool;
  }

  std::mutex mutex_;
  std::array<std::unique_ptr<ThreadPool>, most_threads + 1> pools_;
  int threads_ = 0;
  // The pool of threads_, once it is made: every op asks for it.
  std::atomic<ThreadPool*> current_{nullptr};
};

Pools& pools() {
  static Pools instance;
  return instance;
}

}  // namespace

void set_thread_count(int threads) {
  check_usage(threads >= 1 && threads <= most_threads, "threads: expected 1 to {}, got {}",
              most_threads, threads);
  pools().set_thread_count(threads);
}

int thread_count() {
  return pools().thread_count();
}

ExecutionContext context_for(Device device) {
  return {device, &pools().current()};
}

void fail_place(const char* kernel, Device device, const ConstView& operand) {
  fail(ErrorKind::failure, "{}: an operand of shape {} lives on {}, but the call computes on {}",
       kernel, operand.shape, name_of(operand.device.kind), name_of(device.kind));
}

void fail_empty_slot(const char* kernel, Device device) {
  fail(ErrorKind::failure, "{}: the {} backend does not have this kernel (was it registered?)",
       kernel, name_of(device.kind));
}

}  // namespace heed
