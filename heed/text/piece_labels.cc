#include "heed/text/piece_labels.h"

#include <cstdio>

#include "heed/base/unicode.h"
#include "heed/text/byte_level.h"

namespace heed {

namespace {

std::string label_of(const std::string& piece) {
  unsigned byte = 0;
  if (piece.size() == 6 && std::sscanf(piece.c_str(), "<0x%2X>", &byte) == 1 && byte >= 0x20 &&
      byte < 0x7F) {
    return byte == 0x20 ? "␣" : std::string(1, static_cast<char>(byte));
  }
  return piece;
}

// Bytes that are written as characters ("ĠÃ©") as what they spell ("▁é"), where that is whole
// characters.
std::string spelled_label(const std::string& piece) {
  const std::string text = spelled_bytes(piece).value_or("");
  if (text.empty() || find_invalid_utf8(text)) {
    return piece;
  }
  std::string label;
  for (const char c : text) {
    label += c == ' ' ? "▁" : c == '\n' ? "⏎" : c == '\t' ? "⇥" : std::string(1, c);
  }
  return label;
}

}  // namespace

std::vector<std::string> piece_labels(const Tokenizer& tokenizer,
                                      std::span<const std::int32_t> ids) {
  const bool spells_bytes = tokenizer.kind() == "byte-level-bpe";
  std::vector<std::string> labels;
  for (const std::int32_t id : ids) {
    const std::string piece = tokenizer.piece(id);
    labels.push_back(spells_bytes ? spelled_label(piece) : label_of(piece));
  }
  return labels;
}

}  // namespace heed
