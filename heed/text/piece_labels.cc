#include "heed/text/piece_labels.h"

#include <cstdio>

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

}  // namespace

std::vector<std::string> piece_labels(const Tokenizer& tokenizer,
                                      std::span<const std::int32_t> ids) {
  std::vector<std::string> labels;
  for (const std::int32_t id : ids) {
    labels.push_back(label_of(tokenizer.piece(id)));
  }
  return labels;
}

}  // namespace heed
