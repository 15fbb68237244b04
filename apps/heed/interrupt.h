// SIGINT and SIGTERM while a run goes on: the first asks it to finish the step, save and end; a
// second one ends the process at once.
#pragma once

namespace heed::app {

class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
};

// The signal that came, or 0.
int pending_interrupt();

}  // namespace heed::app
