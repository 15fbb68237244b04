// Texts as an encoder reads them, packed into batches: what classifying, tagging, answering and
// choosing have in common.
//
// Thread-safety: plain data and functions, from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "heed/data/batching.h"
#include "heed/data/example_source.h"
#include "heed/nn/inputs.h"
#include "heed/text/text_frame.h"
#include "heed/text/tokenizer.h"

namespace heed {

// Packs framed texts; `names` (of the same number) are what dropout knows them by.
Inputs packed_inputs(std::span<const FramedText* const> texts, std::span<const std::int64_t> names);

// How a text that is longer than the model takes is read.
struct LengthRule {
  std::int64_t longest = 512;  // tokens, special ones included
  bool windows = false;        // in windows that overlap; else what is beyond is cut off
  std::int64_t stride = 0;     // tokens from one window to the next; 0: half a window
};

// Where each window of `tokens` begins and ends, of up to `room` tokens, each `stride` after the
// one before; the last ends with the text, and as few are made as reach there.
struct TokenWindow {
  std::size_t begin = 0, end = 0;
};
std::vector<TokenWindow> token_windows(std::size_t tokens, std::size_t room, std::size_t stride);

// The text in its frame, or several windows of it; of a pair one that is shortened from the end of
// the longer text. What has no tokens at all is read as the unknown one, or the end symbol where
// nothing is unknown. Errors (bad_data): a model that is too short for the special tokens; no
// tokens where there is neither.
std::vector<FramedText> framed_windows(const Tokenizer& tokenizer, const std::string& text,
                                       const LengthRule& rule);
FramedText framed_pair(const Tokenizer& tokenizer, const std::string& first,
                       const std::string& second, const LengthRule& rule);

// Calls visit(examples) for batches of consecutive texts of up to batch_tokens tokens, at least one
// text each.
template <typename Visit>
void for_each_run(std::span<const FramedText> texts, std::int64_t batch_tokens, Visit&& visit) {
  for (std::size_t begin = 0, end = 0; begin < texts.size(); begin = end) {
    std::size_t tokens = 0;
    do {
      tokens += texts[end++].ids.size();
    } while (end < texts.size() &&
             tokens + texts[end].ids.size() <= static_cast<std::size_t>(batch_tokens));
    visit(begin, end);
  }
}

}  // namespace heed
