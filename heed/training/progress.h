// Where a run tells how it goes. The library prints nothing: programs show it on a terminal, in a
// notebook, or not at all.
//
// Thread-safety: calls come from the thread that trains.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "heed/training/validation_table.h"

namespace heed {

struct ProgressState {
  std::int64_t epoch = 0;  // from 1
  std::int64_t step = 0;
  double fraction = 0;  // of the whole run, 0 … 1
  double loss = 0;
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_second = 0;
  double seconds_left = -1;  // unknown when negative
};

// Overrides take what they want to hear of.
class Progress {
 public:
  virtual ~Progress() = default;

  // A message of one line; `warning`: about something that should be looked at.
  virtual void line(const std::string&) {}
  virtual void warning(const std::string& text) { line("warning: " + text); }
  // After each step.
  virtual void update(const ProgressState&) {}
  // After each validation: a row of its table.
  virtual void row(const ValidationRecord&, std::span<const ValidationColumn>) {}
};

}  // namespace heed
