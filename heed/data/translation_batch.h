// One batch of sentence pairs, packed: the sentences of a side stand one behind the other, without
// padding, and offsets say where each begins.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/data/batching.h"
#include "heed/data/token_store.h"
#include "heed/text/subword_dropout.h"
#include "heed/text/text_symbols.h"
#include "heed/text/tokenizer.h"

namespace heed {

// n sentences. Sentence i of the source is source_ids[source_offsets[i]] … up to
// source_offsets[i + 1]; the target likewise, its input and output sharing the offsets. A window of
// running text y0 … ym (a pair without a source) gets no symbols: its source is empty, its input is
// y0 … ym-1 and its output y1 … ym.
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

// What each pair of a store brings into a batch: its tokens and one symbol a side; of a window of
// running text no source, and its tokens but one.
std::vector<PairLength> pair_lengths(const TokenStore& store);

// Cuts the sentences of a batch anew: see SubwordDropout. One object per side.
class BatchSampler {
 public:
  // `longest`: a sentence whose sample has more tokens, symbol included, keeps its own ids.
  BatchSampler(const TokenizerPair& tokenizers, double rate, std::int64_t longest,
               std::uint64_t seed);

  // The samples of the pair in `epoch`, a function of the arguments and the seed alone.
  std::vector<std::int32_t> source(std::span<const std::int32_t> ids, std::int64_t example,
                                   std::int64_t epoch) const;
  std::vector<std::int32_t> target(std::span<const std::int32_t> ids, std::int64_t example,
                                   std::int64_t epoch) const;

 private:
  std::vector<std::int32_t> sample(const SubwordDropout& side, std::span<const std::int32_t> ids,
                                   std::uint64_t stream) const;

  SubwordDropout source_, target_;
  double rate_;
  std::int64_t longest_;
  std::uint64_t seed_;
};

// With a sampler, the sentences as they are cut in `epoch`.
TranslationBatch make_batch(const TokenStore& store, std::span<const std::uint32_t> examples,
                            const TextSymbols& symbols, const BatchSampler* sampler = nullptr,
                            std::int64_t epoch = 0);

}  // namespace heed
