// A 64-bit fingerprint of bytes, to notice that a corpus or a vocabulary is not the one it was. It
// detects change and damage; it is no defence against somebody who wants two inputs to agree.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace heed {

class Fingerprint {
 public:
  void add(std::uint64_t word) {
    // Multiplication carries low bits upward, the shift brings high bits back down.
    state_ = (state_ ^ word) * 0x9E3779B97F4A7C15u;
    state_ ^= state_ >> 29;
  }
  // The length takes part, so that ("ab", "c") and ("a", "bc") differ.
  void add(std::string_view bytes) {
    add(std::uint64_t{bytes.size()});
    std::size_t position = 0;
    for (; position + 8 <= bytes.size(); position += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + position, 8);
      add(word);
    }
    if (position < bytes.size()) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + position, bytes.size() - position);
      add(word);
    }
  }
  std::uint64_t value() const {
    std::uint64_t result = state_ * 0xBF58476D1CE4E5B9u;
    return result ^ result >> 32;
  }

 private:
  std::uint64_t state_ = 0x243F6A8885A308D3u;
};

// Of one text.
inline std::uint64_t fingerprint_of(std::string_view text) {
  Fingerprint fingerprint;
  fingerprint.add(text);
  return fingerprint.value();
}

}  // namespace heed
