// What becomes of tokens before the first block: their embeddings with positions and segments, a
// norm, dropout.
//
//   y = dropout(N(scale · table[id] + position + segment))
// Thread-safety: as Module.
#pragma once

#include <optional>
#include <string>

#include "heed/nn/forward_context.h"
#include "heed/nn/sequences.h"
#include "heed/nn/stack_config.h"

namespace heed {

// The padding of a vocabulary in which no piece is one.
inline constexpr std::int32_t no_padding = -1;

struct EmbeddingPlace {
  std::string stack = "encoder";  // of its dropout: "encoder.embeddings"
  std::int32_t padding_id = no_padding;
  // Kinds of tokens that are told apart by a learned vector each, such as the first and the second
  // sentence (Devlin et al., "BERT", 2019); 0: none.
  std::int64_t segments = 0;
};

class Embeddings : public Module {
 public:
  Embeddings(const StackConfig& config, const EmbeddingPlace& place, Device device);

  // ids, segments: int32 [tokens] (segments undefined: all of the first kind) → [tokens, d].
  // `table`: see embedding_table(), `length`: bounds the positions of `rows`. Errors (bad_data):
  // `length` exceeds max_length.
  Tensor forward(const Tensor& ids, const Tensor& segments, const Parameter& table,
                 const Sequences& rows, std::int64_t length, const PositionEncoding& positions,
                 ForwardContext& context) const;
  void visit(ParameterVisitor& visitor) override;

 private:
  std::int64_t longest_;
  float scale_;
  std::int32_t padding_id_;
  Parameter segments_;  // [segments, d], or undefined
  std::optional<Norm> norm_;
  DropoutSite dropout_;
};

// A row per piece; that of `padding_id` stays zero. Models hold it themselves: outputs may be tied
// to it, and sources and targets may share it.
Parameter embedding_table(const StackConfig& config, std::int64_t pieces, std::int32_t padding_id,
                          Device device);

}  // namespace heed
