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

// Sequences that are being written side by side, a token a step: rows, of lengths as they come.
//
//   const auto session = model.start(context);
//   Tensor logits = session->add(prompts);         // prompt i is row i
//   logits = session->advance(parents, tokens);    // rows go on, or are gone
//
// Prompts may join at any time, and rows leave. What a row gives depends on its source and its
// tokens alone, to the bit: not on the rows beside it, nor on its place among them. Reordering rows
// copies nothing but integers. After an error a session is of no more use.
class DecodingSession {
 public:
  virtual ~DecodingSession() = default;

  // Takes in sources and all tokens that are begun in one pass ("prefill"). With r rows at hand,
  // prompt i becomes row r + i. Returns the logits of the token after each prompt, [prompts,
  // vocabulary]. Errors: a prompt without a token (failure), or longer than the model takes
  // (bad_data).
  virtual Tensor add(const Prompts& prompts) = 0;

  // Row r continues what was row parents[r] with the token tokens[r]. Rows may be dropped, repeated
  // and permuted freely: one that nobody names as its parent is gone. Returns the logits of the
  // token after each row, [rows, vocabulary]. Errors (failure): no rows, a parent that is not
  // there.
  virtual Tensor advance(std::span<const std::int32_t> parents,
                         std::span<const std::int32_t> tokens) = 0;

  // The same by several tokens a row in one pass: row r continues parents[r] with all tokens of
  // runs[r], which is as if they came one by one. Returns the logits of the token after each of
  // them, [tokens of all runs, vocabulary], run by run. Errors (failure): as advance(), or a run
  // without tokens.
  virtual Tensor extend(std::span<const std::int32_t> parents,
                        std::span<const std::span<const std::int32_t>> runs) = 0;
};

class Generator : public Module {
 public:
  // What the output layer makes the next token of, after each token of prompts.begun: [tokens, d].
  // A token sees the source and what was begun before it. Differentiable.
  virtual Tensor hidden(const Prompts& prompts, ForwardContext& context) const = 0;

  virtual Projection projection() const = 0;

  // A session without rows. Of the context counts what is not training: precision, and heads that
  // are off, which must outlive the session.
  virtual std::unique_ptr<DecodingSession> start(const ForwardContext& context) const = 0;

  // The longest source, and the longest sequence begun, that the model takes, symbols included.
  virtual std::int64_t longest() const = 0;

  // Tokens that the model tells apart where it writes.
  virtual std::int64_t vocabulary_size() const = 0;
};

// hidden() states [rows, d] → logits [rows, vocabulary].
Tensor logits_of(const Generator& model, const Tensor& states, const ForwardContext& context);

}  // namespace heed
