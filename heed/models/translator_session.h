// Decoding with a Translator: one step over the cache of its hypotheses and of the sources.
#pragma once

#include <vector>

#include "heed/models/hypothesis_cache.h"
#include "heed/models/translator.h"

namespace heed {

class TranslatorSession : public DecodingSession {
 public:
  TranslatorSession(const Translator& model, const Inputs& source, const ForwardContext& context);

  Tensor advance(std::span<const std::int32_t> parents,
                 std::span<const std::int32_t> tokens) override;

 private:
  Tensor cross_attend(const CrossAttention& attention, const CrossAttention::Memory& memory,
                      const Tensor& x);

  const Translator& model_;
  ForwardContext context_;
  HypothesisCache cache_;
  std::vector<std::int32_t> source_offsets_;
  std::vector<std::int32_t> source_slots_;  // 0, 1, 2, … over the source tokens
  std::int64_t longest_source_;
  std::vector<CrossAttention::Memory> memories_;         // by layer, of the encoder's output
  std::vector<std::int32_t> source_begin_, source_end_;  // of the rows' sentences
};

}  // namespace heed
