// What a person sees of a run: a bar that is drawn over itself on a terminal that can, plain
// lines elsewhere, on standard error.
#pragma once

#include <chrono>
#include <string>

#include "heed/training/progress.h"

namespace heed::app {

class TerminalProgress : public Progress {
 public:
  // As standard error is: a terminal that can draw over lines or not, with colours or not.
  TerminalProgress();
  ~TerminalProgress() override { clear(); }

  // A line that stays, above the bar.
  void line(const std::string& text) override;
  // Draws the bar, at most ten times a second. Off such a terminal nothing is drawn.
  void update(const ProgressState& state) override;
  // The first row brings the heading with it.
  void row(const ValidationRecord& record, std::span<const ValidationColumn> columns) override;

 private:
  void clear();

  bool terminal_;
  bool colour_;
  bool drawn_ = false;
  bool heading_done_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace heed::app
