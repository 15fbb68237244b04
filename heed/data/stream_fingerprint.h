// The fingerprint of bytes that come in pieces: it depends on the bytes, not on the pieces.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "heed/text/fingerprint.h"

namespace heed {

class StreamFingerprint {
 public:
  void add(std::string_view bytes) {
    size_ += bytes.size();
    while (held_ > 0 && held_ < word_size && !bytes.empty()) {
      word_[held_++] = bytes.front();
      bytes.remove_prefix(1);
    }
    flush_whole();
    while (held_ == 0 && bytes.size() >= word_size) {
      add_word(bytes.data());
      bytes.remove_prefix(word_size);
    }
    for (const char byte : bytes) {
      word_[held_++] = byte;
      flush_whole();
    }
  }
  // What follows is another stream: where one ends takes part.
  void end() {
    std::fill(word_.begin() + static_cast<std::ptrdiff_t>(held_), word_.end(), '\0');
    add_word(word_.data());
    held_ = 0;
    fingerprint_.add(size_);
    size_ = 0;
  }
  std::uint64_t value() const { return fingerprint_.value(); }

 private:
  static constexpr std::size_t word_size = sizeof(std::uint64_t);

  void add_word(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    fingerprint_.add(word);
  }
  void flush_whole() {
    if (held_ == word_size) {
      add_word(word_.data());
      held_ = 0;
    }
  }

  Fingerprint fingerprint_;
  std::array<char, word_size> word_{};
  std::size_t held_ = 0;  // bytes of word_
  std::uint64_t size_ = 0;
};

}  // namespace heed
