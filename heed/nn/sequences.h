// Packed sequences: how a batch of sentences of different lengths lies in memory.
//
// The tokens of all sequences lie one after the other in one tensor [tokens, d], without padding;
// `offsets` cuts it. So no mask of padding exists anywhere, and no operation is spent on it.
// Thread-safety: plain data.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/tensor/tensor.h"

namespace heed {

struct Sequences {
  std::vector<std::int32_t> offsets = {0};  // [count + 1]
  // Names every token for dropout: example << 32 | position. An example's masks then do not depend
  // on the batch around it.
  std::vector<std::uint64_t> row_keys;
  // [count]: the same for what stands for a sequence as a whole: example << 32.
  std::vector<std::uint64_t> sequence_keys;
  Tensor positions;  // int32 [tokens]: 0, 1, 2, … within each sequence
  // [count], or empty: tokens at the beginning that a causal stack may see from everywhere (see
  // attention.topology prefix).
  std::vector<std::int32_t> prefixes;
  // [tokens], or empty: tokens see those of the same segment alone, such as documents that share a
  // sequence. (What tells kinds of tokens apart is Embeddings'.)
  std::vector<std::int32_t> segments;

  std::int64_t count() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t tokens() const { return offsets.back(); }
  std::int64_t longest() const;
};

// Sequences of the given lengths; `examples` names them (their index in the corpus, for instance),
// or 0, 1, 2, … when empty.
Sequences make_sequences(std::span<const std::int32_t> lengths,
                         std::span<const std::int64_t> examples = {});
Sequences make_sequences_from_offsets(std::span<const std::int32_t> offsets,
                                      std::span<const std::int64_t> examples = {});

}  // namespace heed
