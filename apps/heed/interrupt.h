// SIGINT, SIGTERM and SIGHUP while a model trains: the first asks it to finish the step, save and
// end; a second one ends the process at once. A closed pipe of messages ends nothing in the scope.
//
//   InterruptScope interrupts;
//   train_recipe(recipe, directory, {.interrupted = [&] { return interrupts.pending(); }});
#pragma once

namespace heed::app {

// From the first question to the end of the scope; before that, while data are prepared, a signal
// ends the process as ever.
class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  // The signal that came, or 0.
  int pending();

 private:
  bool watching_ = false;
};

}  // namespace heed::app
