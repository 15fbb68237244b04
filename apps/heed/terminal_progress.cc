#include "apps/heed/terminal_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/heed/common.h"
#include "heed/base/number_text.h"

namespace heed::app {

namespace {

int terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string bar(double fraction, int width) {
  const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width * 8);
  std::string result;
  for (int i = 0; i < width; ++i) {
    static const char* const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    result += eighths[std::clamp(full - 8 * i, 0, 8)];
  }
  return result;
}

}  // namespace

TerminalProgress::TerminalProgress()
    : terminal_(can_redraw(STDERR_FILENO)), colour_(use_colour(STDERR_FILENO)) {}

void TerminalProgress::clear() {
  if (drawn_) {
    std::fputs("\r\033[K", stderr);
    drawn_ = false;
  }
}

void TerminalProgress::line(const std::string& text) {
  clear();
  std::fprintf(stderr, "%s\n", printable_line(text).c_str());
  std::fflush(stderr);
}

void TerminalProgress::update(const ProgressState& state) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) {
    return;
  }
  last_ = now;
  const std::string left =
      state.seconds_left < 0 ? "" : fmt::format("  {} left", duration_text(state.seconds_left));
  const std::string facts =
      fmt::format(" {:3.0f}%  epoch {}  step {}  loss {:.3f}  lr {:.2e}  norm {:.2f}  {}k tok/s{}",
                  100 * state.fraction, state.epoch, state.step, state.loss, state.learning_rate,
                  state.gradient_norm,
                  static_cast<std::int64_t>(std::lround(state.tokens_per_second / 1000)), left);
  const int width = std::clamp(terminal_width() - static_cast<int>(facts.size()) - 3, 0, 30);
  std::fprintf(
      stderr, "\r\033[K%s%s%s%s", colour_ ? "\033[36m" : "", bar(state.fraction, width).c_str(),
      colour_ ? "\033[0m" : "",
      facts.substr(0, static_cast<std::size_t>(std::max(terminal_width() - 1, 20))).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void TerminalProgress::row(const ValidationRecord& record,
                           std::span<const ValidationColumn> columns) {
  const auto print = [&](auto&& text, const char* end) {
    std::string row;
    for (const ValidationColumn& column : columns) {
      row += fmt::format("{:>{}} ", text(column), column.width);
    }
    row.pop_back();
    line(row + end);
  };
  if (!heading_done_) {
    print([](const ValidationColumn& column) { return column.brief; }, "");
    heading_done_ = true;
  }
  print([&](const ValidationColumn& column) { return column.text(record); },
        record.best ? " *" : "");
}

}  // namespace heed::app
