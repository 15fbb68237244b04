// A pool of worker threads that runs numbered tiles.
//
// Work is cut into tiles by its size alone, never by the number of threads, and each tile writes
// its own part of the result: so the bits are the same for 1 thread and for 32.
//
// Invariants: one job at a time (callers queue on a mutex); a tile that throws stops the handing
// out of further tiles and its exception reaches the caller; a call from inside a tile runs inline.
// Idle workers spin for a tenth of a millisecond, because the next kernel usually follows at once,
// and then sleep. A worker that has not begun when all tiles are handed out is not waited for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace heed {

class ThreadPool {
 public:
  // `threads` counts the calling thread; 1 runs everything inline.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int thread_count() const;

  // Runs tile(0) … tile(count - 1), each once, in any order, and returns when all are done.
  template <typename Tile>
  void run(std::int64_t count, Tile&& tile) {
    if (count <= 0) {
      return;
    }
    using Body = std::remove_reference_t<Tile>;
    run_erased(
        count, [](void* body, std::int64_t index) { (*static_cast<Body*>(body))(index); },
        const_cast<void*>(static_cast<const void*>(&tile)));
  }

  // Cuts [0, size) into pieces of `grain` and runs piece(begin, end) on each.
  template <typename Piece>
  void run_range(std::int64_t size, std::int64_t grain, Piece&& piece) {
    run((size + grain - 1) / grain, [&](std::int64_t index) {
      const std::int64_t begin = index * grain;
      piece(begin, begin + grain < size ? begin + grain : size);
    });
  }

 private:
  using Invoke = void (*)(void* body, std::int64_t index);
  void run_erased(std::int64_t count, Invoke invoke, void* body);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heed
