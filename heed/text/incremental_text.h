// Text as its tokens come, one by one: never half a character, and in the end the bytes that the
// tokenizer gives to all of them at once.
//
//   IncrementalText text(tokenizer, prompt);
//   while (…) std::cout << text.add(token);
//   std::cout << text.rest();
//
// Belongs to one thread at a time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "heed/text/tokenizer.h"

namespace heed {

class IncrementalText {
 public:
  // The text follows these tokens, which it may depend on: a piece at the beginning of a text loses
  // the space before it. The tokenizer must outlive this.
  explicit IncrementalText(const Tokenizer& tokenizer, std::span<const int> before = {});

  // What the token adds to the text. Bytes that may begin a character wait until it is whole; those
  // that begin none become U+FFFD.
  std::string add(int id);
  // What is still held back at the end.
  std::string rest();

 private:
  const Tokenizer& tokenizer_;
  std::vector<int> ids_;  // the last ones
  std::size_t told_ = 0;  // bytes of their text that are told, or stand before it
};

}  // namespace heed
