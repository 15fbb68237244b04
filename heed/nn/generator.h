// What training, decoding and inspection need of a model that writes: one that turns a sequence
// into another, or continues one.
//
// A model does not change while it is used, so threads may share one; a session belongs to one
// thread at a time.
#pragma once

#include <memory>
#include <span>

#include "heed/nn/forward_context.h"
#include "heed/nn/inputs.h"
#include "heed/nn/module.h"
#include "heed/ops/softmax.h"

namespace heed {

// A batch of sequences to go on with, packed.
//   source: what they are written from, each with its end symbol; a language model's have no tokens
//   begun: what is written of each so far, the start symbol included if the model has one
struct Prompts {
  Inputs source;
  Inputs begun;
};

using ops::Projection;  // the output layer, [vocabulary, d]

// Decoding of a batch of sources, one token per hypothesis and call. Copying nothing when
// hypotheses are reordered: each new row names the row of the last call that it continues.
class DecodingSession {
 public:
  virtual ~DecodingSession() = default;

  // Advances: row r continues row parents[r] of the previous call (of the first call: belongs to
  // source sentence parents[r]) with the token tokens[r] (at first the start symbol). Rows may be
  // dropped, repeated and permuted freely. Returns the logits of the next token, [rows,
  // vocabulary].
  virtual Tensor advance(std::span<const std::int32_t> parents,
                         std::span<const std::int32_t> tokens) = 0;
};

class Generator : public Module {
 public:
  // What the output layer makes the next token of, after each token of prompts.begun: [tokens, d].
  // A token sees the source and what was begun before it. Differentiable.
  virtual Tensor hidden(const Prompts& prompts, ForwardContext& context) const = 0;

  virtual Projection projection() const = 0;

  // Takes in the sources and gets ready to decode them. Of the context counts what is not training:
  // precision and heads that are off, which must outlive the session.
  virtual std::unique_ptr<DecodingSession> start(const Inputs& source,
                                                 const ForwardContext& context) const = 0;

  // The longest source, and the longest sequence begun, that the model takes, symbols included.
  virtual std::int64_t longest() const = 0;

  // Tokens that the model tells apart where it writes.
  virtual std::int64_t vocabulary_size() const = 0;
};

// hidden() states [rows, d] → logits [rows, vocabulary].
Tensor logits_of(const Generator& model, const Tensor& states, const ForwardContext& context);

}  // namespace heed
