#include "heed/data/text_windows.h"

#include <algorithm>
#include <utility>

#include "heed/base/error.h"

namespace heed {

void check_window_config(const WindowConfig& config) {
  check_usage(config.window >= 1, "window: must be at least 1, got {}", config.window);
  check_usage(config.stride >= 1 && config.stride <= config.window,
              "stride: must be 1 … {}, the window, got {}", config.window, config.stride);
}

TextWindows::TextWindows(std::shared_ptr<const TokenText> text, const WindowConfig& config)
    : text_(std::move(text)), config_(config), predictions_(text_->size() - 1) {
  check_window_config(config_);
  check(predictions_ >= 1, "windows: a text of {} tokens", text_->size());
  if (config_.most > 0) {
    predictions_ = std::min(predictions_, config_.most);
  }
}

std::int64_t TextWindows::size() const {
  const std::int64_t behind_first = std::max<std::int64_t>(0, predictions_ - config_.window);
  return 1 + (behind_first + config_.stride - 1) / config_.stride;
}

TextWindow TextWindows::operator[](std::int64_t i) const {
  check(i >= 0 && i < size(), "windows: {} of {}", i, size());
  const std::int64_t begin = i * config_.stride;
  return {.begin = begin,
          .counted = i == 0 ? 0 : begin - config_.stride + config_.window,
          .end = std::min(begin + config_.window, predictions_)};
}

void TextWindows::for_each_sequence(
    const TextWindow& window,
    const std::function<void(std::int64_t begin, std::int64_t end)>& visit) const {
  const auto documents = text_->documents();
  if (!config_.document_mask || documents.empty()) {
    visit(window.begin, window.end);
    return;
  }
  // The first document that begins behind the window's first token.
  auto next = std::upper_bound(documents.begin(), documents.end(),
                               static_cast<std::uint64_t>(window.begin));
  const std::int64_t skipped = text_->has_start_symbols() ? 1 : 0;
  for (std::int64_t begin = window.begin; begin < window.end; ++next) {
    const std::int64_t document =
        next == documents.end() ? window.end + 1 : static_cast<std::int64_t>(*next);
    const std::int64_t end = std::min(document - 1, window.end);
    if (begin < end && end > window.counted) {
      visit(begin, end);
    }
    begin = std::max(begin, end) + skipped;
    if (next == documents.end()) {
      return;
    }
  }
}

}  // namespace heed
