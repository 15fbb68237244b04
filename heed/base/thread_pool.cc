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
// How long an idle worker watches for the next job before it sleeps: a decoding step hands out
// small products with some tens of microseconds of other work in between, and to wake a worker
// takes as long.
constexpr auto spin_time = std::chrono::microseconds(100);
thread_local bool inside_tile = false;
}  // namespace

struct ThreadPool::State {
  int thread_count = 1;
  std::vector<std::thread> workers;
  std::mutex callers;  // one job at a time

  std::mutex mutex;  // guards sleeping and waking
  std::condition_variable wake;
  std::atomic<int> sleepers{0};
  std::atomic<bool> stop{false};

  // The number of the job, whether workers may join it, and how many are in it. Who has not joined
  // by the time that all tiles are handed out is not waited for.
  static constexpr std::uint64_t in_job = 0xFFFF, open = 0x10000, one_job = 0x20000;
  std::atomic<std::uint64_t> gate{0};

  // The job. Written by the caller before it opens the gate, read by workers that joined.
  std::int64_t count = 0;
  Invoke invoke = nullptr;
  void* body = nullptr;
  std::atomic<std::int64_t> next{0};
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

  // Whether there is an open job after number `seen`.
  bool has_job_after(std::uint64_t seen) const {
    const std::uint64_t now = gate.load();
    return (now & open) != 0 && now / one_job != seen;
  }

  // Joins the open job after number `seen`, which becomes its number; false: there is none.
  bool join(std::uint64_t& seen) {
    std::uint64_t now = gate.load(std::memory_order_acquire);
    while ((now & open) != 0 && now / one_job != seen) {
      if (gate.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
        seen = now / one_job;
        return true;
      }
    }
    return false;
  }

  void sleep_until_job_after(std::uint64_t seen) {
    std::unique_lock lock(mutex);
    sleepers.fetch_add(1);
    wake.wait(lock, [&] { return has_job_after(seen) || stop.load(); });
    sleepers.fetch_sub(1);
  }

  void worker_loop() {
    std::uint64_t seen = 0;
    while (!stop.load()) {
      const auto deadline = std::chrono::steady_clock::now() + spin_time;
      for (int polls = 1; !join(seen); ++polls) {
        if (stop.load()) {
          return;
        }
        pause_briefly();
        if (polls % 64 == 0 && std::chrono::steady_clock::now() > deadline) {
          sleep_until_job_after(seen);
        }
      }
      work();
      gate.fetch_sub(1, std::memory_order_release);
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
  // In one order for all threads: either the count of sleepers shows who is about to sleep, or they
  // see the job.
  state.gate.store((state.gate.load(std::memory_order_relaxed) / State::one_job + 1) *
                       State::one_job +
                   State::open);
  if (state.sleepers.load() > 0) {
    { std::lock_guard lock(state.mutex); }
    state.wake.notify_all();
  }
  state.work();
  state.gate.fetch_and(~State::open, std::memory_order_acq_rel);
  for (int polls = 0; (state.gate.load(std::memory_order_acquire) & State::in_job) != 0;) {
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
