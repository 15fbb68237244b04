// Locks for what takes some nanoseconds.
#pragma once

#include <mutex>
#include <thread>

namespace heed {

// Tells the processor that the thread only waits.
inline void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// A mutex that watches for a while before it sleeps: threads that meet here hold it for less time
// than the system takes to wake them. Serves std::lock_guard.
class BriefMutex {
 public:
  void lock() {
    constexpr int tries = 100;
    for (int i = 0; i < tries; ++i) {
      if (mutex_.try_lock()) {
        return;
      }
      pause_briefly();
    }
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

}  // namespace heed
