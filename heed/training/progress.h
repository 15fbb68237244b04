// What a person sees of a run: a bar that is drawn over itself on a terminal, plain lines
// elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "heed/training/history.h"

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

class Progress {
 public:
  // `terminal`: stderr is one; `colour`: and may be coloured.
  Progress(bool terminal, bool colour) : terminal_(terminal), colour_(colour) {}
  ~Progress() { clear(); }

  // A line that stays, above the bar.
  void line(const std::string& text);
  // Draws the bar, at most ten times a second. Off a terminal nothing is drawn.
  void update(const ProgressState& state);
  // A row of the table of validations; the first one brings the heading with it.
  void row(const ValidationRecord& record);

 private:
  void clear();

  bool terminal_;
  bool colour_;
  bool drawn_ = false;
  bool heading_done_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace heed
