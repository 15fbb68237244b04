// Reads a SentencePiece model file with suspicion.
//
// The SentencePiece library trusts its model files: a damaged normalisation table makes it read
// outside its memory, and scores that are not numbers make its search fail. So each file is parsed
// here first, by the public wire format (sentencepiece_model.proto, protocol buffers), and what the
// library would trust is checked.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heed {

enum class PieceType {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

struct ModelPiece {
  std::string text;
  float score = 0.0f;
  PieceType type = PieceType::normal;
};

// The pieces of a serialized model in the order of SentencePiece's own ids. Errors (bad_data) name
// `source` and what is wrong: truncated or malformed messages, no or several unknown pieces,
// duplicate or invalid pieces, scores that are not finite, a normalisation table that leads
// outside itself.
std::vector<ModelPiece> check_sentencepiece_model(std::string_view bytes,
                                                  const std::string& source);

// The part of a model that check_sentencepiece_model accepts which check_normalization_table reads;
// empty where it has none.
std::string_view normalization_table_of(std::string_view bytes);

}  // namespace heed
