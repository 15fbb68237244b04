// The KV cache of a decoding session: what causal self-attention keeps of the tokens of its rows,
// so that each token passes through the model once.
//
// A row is a sequence that is being written: a prompt, then a token a step. add() takes in the
// tokens of prompts in one pass ("prefill"), of lengths as they come; advance() a token or some for
// each row that goes on. k and v of a token go into a slot of a layer's memory (keys as they are
// compared: normalized, turned by their positions), and a row is a list of slots. So reordering
// rows, letting one continue twice or dropping one copies lists of integers, and the slots of rows
// that are gone are used again.
//
// Belongs to one thread at a time.
#pragma once

#include <span>
#include <vector>

#include "heed/models/cache_slots.h"
#include "heed/nn/attention/multi_head.h"

namespace heed {

// The rows of x [tokens, d] that belong to the last token of each sequence: [sequences, d]. Not
// differentiable.
Tensor last_states(const Tensor& x, const Sequences& sequences);

// Runs of tokens one behind the other, and how many each has.
struct JoinedRuns {
  std::vector<std::int32_t> ids, counts;
};
JoinedRuns joined_runs(std::span<const std::span<const std::int32_t>> runs);

class KeyValueCache {
 public:
  explicit KeyValueCache(std::size_t layers) : slots_(layers) {}

  // Adds a row for each prompt, after the rows that there are. Errors (failure): no prompts, or one
  // without tokens.
  void add(const Sequences& prompts);
  // Goes on with rows that continue `parents`, rows of now, row r with `counts[r]` more tokens;
  // others are gone. Errors (failure): no rows, a parent that is not there, or a row without
  // tokens.
  void advance(std::span<const std::int32_t> parents, std::span<const std::int32_t> counts);

  // Self-attention of layer `layer` for the tokens at hand: those of the prompts that add() named,
  // or those of each row after advance(). x: [tokens, d] → [tokens, d]. `values`: see
  // SelfAttention::forward.
  Tensor attend(std::size_t layer, const SelfAttention& attention, const Tensor& x,
                const PositionEncoding* positions, ForwardContext& context,
                const Tensor& values = Tensor());

  // The tokens at hand: as sequences while prompts are taken in, else single tokens.
  const Sequences& tokens() const { return tokens_; }
  std::span<const std::int32_t> rows_of_tokens() const { return rows_of_tokens_; }  // whose each is
  std::span<const std::int32_t> places() const { return places_; }  // where each stands
  std::int64_t reach() const { return reach_; }                     // bounds the places
  std::int64_t rows() const { return static_cast<std::int64_t>(begin_.size()); }

 private:
  CacheSlots slots_;
  // Row r has the slots histories_[begin_[r]] … histories_[end_[r] - 1], oldest first.
  std::vector<std::int32_t> histories_, begin_, end_;
  // Of the tokens at hand.
  bool prefill_ = false;
  std::int64_t first_ = 0;  // their first slot
  std::int64_t reach_ = 0;
  std::vector<std::int32_t> rows_of_tokens_, places_;
  std::vector<std::int32_t> seen_from_, seen_to_;  // the slots each sees, in histories_
  Sequences tokens_;
};

}  // namespace heed
