#include "heed/base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "heed/base/brief_mutex.h"
#include "heed/base/out_of_resources.h"

namespace heed {

namespace {
// How long an idle worker watches for the next job before it sleeps.
constexpr auto spin_time = std::chrono::microseconds(30);
thread_local bool inside_tile = false;
}  // namespace

struct ThreadPool::State {
  int thread_count = 1;
  std::vector<std::thread> workers;
  std::mutex callers;  // one job at a time

  std::mutex mutex;  // guards sleeping and waking
  std::condition_variable wake;
  std::atomic<std::uint64_t> generation{0};
  std::atomic<bool> stop{false};

  // The job. Written by the caller before `generation` is raised, read by workers after.
  std::int64_t count = 0;
  Invoke invoke = nullptr;
  void* body = nullptr;
  std::atomic<std::int64_t> next{0};
  std::atomic<int> busy{0};  // workers that have not yet finished with the current job
  std::mutex error_mutex;
  std::exception_ptr error;

  void end_workers() {
    {
      std::lock_guard lock(mutex);
      stop.store(true);
    }
    wake.notify_all();
    for (std::thread& worker : workers) {
      worker.join();
    }
  }

  void work() {
    inside_tile = true;
    for (;;) {
      const std::int64_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) {
        break;
      }
      try {
        invoke(body, index);
      } catch (...) {
        std::lock_guard lock(error_mutex);
        if (!error) {
          error = std::current_exception();
        }
        next.store(count, std::memory_order_relaxed);
      }
    }
    inside_tile = false;
  }

  void worker_loop() {
    std::uint64_t seen = 0;
    for (;;) {
      const auto deadline = std::chrono::steady_clock::now() + spin_time;
      int polls = 0;
      while (generation.load(std::memory_order_acquire) == seen && !stop.load()) {
        pause_briefly();
        if (++polls % 64 == 0 && std::chrono::steady_clock::now() > deadline) {
          std::unique_lock lock(mutex);
          wake.wait(lock, [&] { return generation.load() != seen || stop.load(); });
        }
      }
      if (stop.load()) {
        return;
      }
      seen = generation.load(std::memory_order_acquire);
      work();
      busy.fetch_sub(1, std::memory_order_release);
    }
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  check_usage(threads >= 1 && threads <= 1024, "threads: expected 1 to 1024, got {}", threads);
  state_->thread_count = threads;
  state_->workers.reserve(static_cast<std::size_t>(threads));
  try {
    for (int i = 1; i < threads; ++i) {
      state_->workers.emplace_back([state = state_.get()] { state->worker_loop(); });
    }
  } catch (const std::system_error& error) {
    const std::size_t started = state_->workers.size() + 1;
    state_->end_workers();
    throw OutOfResources(format_message(
        "cannot start a thread: {}; {} of {} run; ask for fewer threads or allow more memory",
        error.code().message(), started, threads));
  } catch (...) {
    state_->end_workers();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  state_->end_workers();
}

int ThreadPool::thread_count() const {
  return state_->thread_count;
}

void ThreadPool::run_erased(std::int64_t count, Invoke invoke, void* body) {
  State& state = *state_;
  if (state.workers.empty() || count == 1 || inside_tile) {
    for (std::int64_t index = 0; index < count; ++index) {
      invoke(body, index);
    }
    return;
  }
  std::lock_guard caller(state.callers);
  state.count = count;
  state.invoke = invoke;
  state.body = body;
  state.error = nullptr;
  state.next.store(0, std::memory_order_relaxed);
  state.busy.store(static_cast<int>(state.workers.size()), std::memory_order_relaxed);
  {
    std::lock_guard lock(state.mutex);
    state.generation.fetch_add(1, std::memory_order_release);
  }
  state.wake.notify_all();
  state.work();
  for (int polls = 0; state.busy.load(std::memory_order_acquire) != 0;) {
    pause_briefly();
    if (++polls % 4096 == 0) {
      std::this_thread::yield();
    }
  }
  if (state.error) {
    std::rethrow_exception(state.error);
  }
}

}  // namespace heed
