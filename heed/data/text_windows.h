// Windows of running text for language models: each token but the first is predicted from those
// before it in a window.
//
//   const TextWindows windows(text, {.window = 1024, .stride = 512});
//
// A text of n tokens has n - 1 predictions; prediction p is of token p + 1, by what was read up to
// token p. Window i takes the predictions from i · stride on, `window` of them at most, and those
// count that the window before did not have. So each counts once, and those behind the first window
// with at least window - stride tokens before the one that is read last ("strided" evaluation of
// models of fixed length, as Transformers' documentation calls it). With stride == window the
// windows lie one behind the other, and all of each counts: so a text is cut for training.
//
// Thread-safety: const members from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "heed/data/token_text.h"

namespace heed {

struct WindowConfig {
  std::int64_t window = 128;
  std::int64_t stride = 128;
  // Documents do not see each other: where one begins, so does another sequence of the window.
  bool document_mask = false;
  std::int64_t most = 0;  // no more predictions than this; 0: all
};

// Errors (usage) name the value: a window below 1, a stride that is not 1 … window.
void check_window_config(const WindowConfig& config);

// Predictions begin … end - 1; those before `counted` are of the window before.
struct TextWindow {
  std::int64_t begin = 0, counted = 0, end = 0;
  bool operator==(const TextWindow&) const = default;
};

class TextWindows {
 public:
  // Errors: those of check_window_config; failure: a text of fewer than two tokens.
  TextWindows(std::shared_ptr<const TokenText> text, const WindowConfig& config);

  std::int64_t size() const;
  TextWindow operator[](std::int64_t i) const;

  // The sequences of a window: visit(begin, end), predictions again, not empty. One, unless
  // documents are apart: then each document's first token is predicted from the end symbol of the
  // one before it, or, if it is a start symbol, not at all. What comes before the last sequence
  // that reaches over `counted` is left out, as nothing of it counts.
  void for_each_sequence(
      const TextWindow& window,
      const std::function<void(std::int64_t begin, std::int64_t end)>& visit) const;

  const TokenText& text() const { return *text_; }
  const WindowConfig& config() const { return config_; }
  std::int64_t predictions() const { return predictions_; }

 private:
  std::shared_ptr<const TokenText> text_;
  WindowConfig config_;
  std::int64_t predictions_;
};

}  // namespace heed
