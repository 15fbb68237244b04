// Running text for language models: files as they are, line breaks and all, cut into windows.
//
//   const TextParts parts = read_text_parts(config);
//   auto train = open_text_windows("run/cache/train.tokens", parts.train, tokenizer, 128);
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/data/token_store.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct TextConfig {
  std::vector<std::string> train;
  std::vector<std::string> validation;
  std::vector<std::string> test;
  double validation_share = 0;
  double test_share = 0;
  int window = 128;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("train", train, "files of text to learn from, one behind the other");
    visit("validation", validation, "held-out text, for the loss while training");
    visit("test", test, "text to measure the best model on at the end");
    visit("validation_share", validation_share,
          "instead of files: this share of train, before the share of test, is held out");
    visit("test_share", test_share, "instead of files: this share of train, at its end");
    visit("window", window,
          "tokens of a window: the model predicts each from those before it in its window, the "
          "first from the last one before the window");
  }
};

// Errors (usage) name the key, as one of data.
void check_text_config(const TextConfig& config);

// The text of each part; empty: there is none.
struct TextParts {
  std::string train, validation, test;
};

// Reads the files whole. Errors: input_output; bad_data naming the file (no text, invalid UTF-8
// with its place, more than a gigabyte) or the share that leaves nothing.
TextParts read_text_parts(const TextConfig& config);

// Cuts a text into consecutive windows of `window` tokens; the last one is what remains. A window
// is a pair without a source, whose target is its tokens and the one before them: so every token of
// the text but the first is predicted once, and one pair's last token is the next one's first.
// `most`: no more tokens than this are predicted; 0: all. Opens `path` when it holds these windows
// already. Errors: bad_data (fewer than two tokens), input_output.
std::shared_ptr<const TokenStore> open_text_windows(const std::filesystem::path& path,
                                                    std::string_view text,
                                                    const Tokenizer& tokenizer, std::int64_t window,
                                                    std::int64_t most = 0);

}  // namespace heed
