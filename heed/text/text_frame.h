// What an encoder reads: a text, or two, with special tokens around them, each token with the
// segment that it belongs to. "[CLS] a [SEP]" and "[CLS] a [SEP] b [SEP]", for BERT.
//
//   const FramedText framed = tokenizer->frame().put(tokenizer->encode(a), tokenizer->encode(b));
// Thread-safety: plain data; const members and functions from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace heed {

// A framed text, or two.
struct FramedText {
  std::vector<std::int32_t> ids, segments;
  std::size_t first = 0, second = 0;  // where the texts begin in ids
};

struct TextFrame {
  struct Part {
    enum class Kind : std::uint8_t { token, first, second };
    Kind kind = Kind::token;
    int id = -1;  // of a token
    int segment = 0;
    bool operator==(const Part&) const = default;
  };
  std::vector<Part> single = {{Part::Kind::first}};
  std::vector<Part> pair = {{Part::Kind::first}, {Part::Kind::second, -1, 1}};

  // Special tokens around a text, or two.
  std::size_t specials(bool pairs) const;
  FramedText put(std::span<const int> text) const;
  FramedText put(std::span<const int> first, std::span<const int> second) const;
  bool operator==(const TextFrame&) const = default;
};

// Cuts two texts to `most` tokens in all, from the end of the longer one first, as Transformers
// does ("longest_first"): a text of up to half of them stays whole.
void shorten_pair(std::vector<int>& first, std::vector<int>& second, std::size_t most);

}  // namespace heed
