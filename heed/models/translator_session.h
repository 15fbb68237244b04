// Decoding with a Translator: the cache of keys and values, and one step over it.
#pragma once

#include <vector>

#include "heed/models/translator.h"

namespace heed {

// Keys and values are never moved. The projection of a step writes q, k and v of its rows straight
// into the next free slots of a layer's cache (keys are kept as they are compared: normalized,
// turned by their positions); a hypothesis is a list of slots, and reordering hypotheses copies
// lists of integers. Invariant: all rows of a call have the same number of tokens, step_ + 1.
class TranslatorSession : public DecodingSession {
 public:
  // `heads_off`: see ForwardContext; must outlive the session.
  TranslatorSession(const Translator& model, const Tensor& source_ids, const Sequences& source,
                    MatmulPrecision precision, const HeadSet* heads_off = nullptr);

  Tensor advance(std::span<const std::int32_t> parents,
                 std::span<const std::int32_t> tokens) override;

 private:
  struct LayerCache {
    Tensor self;                    // [capacity, width]: q, k, v of every row of every step
    CrossAttention::Memory memory;  // keys and values of the encoder's output
  };

  void inherit(std::span<const std::int32_t> parents);
  void reserve(std::int64_t slots);
  Tensor self_attend(const SelfAttention& attention, const LayerCache& cache, const Tensor& x,
                     const Sequences& rows);
  Tensor cross_attend(const CrossAttention& attention, const LayerCache& cache, const Tensor& x,
                      const Sequences& rows);

  const Translator& model_;
  ForwardContext context_;
  std::vector<std::int32_t> source_offsets_;
  std::vector<std::int32_t> source_slots_;  // 0, 1, 2, … over the source tokens
  std::int64_t longest_source_;
  std::vector<LayerCache> caches_;
  std::int64_t capacity_ = 0;

  std::int64_t used_ = 0;                // slots before this step
  std::int64_t step_ = 0;                // tokens that each row had before this step
  std::vector<std::int32_t> sentences_;  // [rows] of this step
  std::vector<std::int32_t> histories_;  // [rows, step_ + 1] slots, oldest first
  std::vector<std::int32_t> history_begin_, history_end_, source_begin_, source_end_;
  std::vector<std::int32_t> positions_;  // [rows], all step_
};

}  // namespace heed
