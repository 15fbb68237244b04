// One batch of sentence pairs, packed: the sentences of a side stand one behind the other, without
// padding, and offsets say where each begins.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/data/batching.h"
#include "heed/data/token_store.h"
#include "heed/text/tokenizer.h"

namespace heed {

// n sentences. Sentence i of the source is source_ids[source_offsets[i]] … up to
// source_offsets[i + 1]; the target likewise, its input and output sharing the offsets.
struct TranslationBatch {
  std::vector<std::int32_t> source_ids;         // x1 … xk </s>
  std::vector<std::int32_t> source_offsets{0};  // [n + 1]
  std::vector<std::int32_t> target_input_ids;   // start y1 … ym
  std::vector<std::int32_t> target_output_ids;  // y1 … ym </s>
  std::vector<std::int32_t> target_offsets{0};  // [n + 1]
  std::vector<std::int64_t> example_indices;    // [n], places in the token store

  std::int64_t size() const { return static_cast<std::int64_t>(example_indices.size()); }
  bool operator==(const TranslationBatch&) const = default;
};

// The ids that are put around the sentences.
struct SequenceMarks {
  std::int32_t source_end = 0;
  std::int32_t target_end = 0;
  std::int32_t decoder_start = 0;
};

// </s> of each side; the decoder starts from the target's padding row, as in Marian's layout.
SequenceMarks marks_of(const TokenizerPair& tokenizers);

// What each pair of a store brings into a batch: its tokens and one mark a side.
std::vector<PairLength> pair_lengths(const TokenStore& store);

TranslationBatch make_batch(const TokenStore& store, std::span<const std::uint32_t> examples,
                            const SequenceMarks& marks);

}  // namespace heed
