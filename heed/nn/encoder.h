// What tasks need of a model that reads: states for what it was given, whether that are words or
// pixels. Classifying, tagging, answering and embedding are heads upon such states.
//
//   const auto states = encoder.encode(inputs, context);      // a row for each token
//   const Tensor whole = encoder.summary(states, context);    // a row for each sequence
//
// A model does not change while it is used, so threads may share one.
#pragma once

#include <cstdint>

#include "heed/nn/forward_context.h"
#include "heed/nn/inputs.h"
#include "heed/nn/module.h"

namespace heed {

class Encoder : public Module {
 public:
  // What was made of the inputs, [rows.tokens(), width()]. An encoder of text gives a row for each
  // token; others say which rows they give.
  struct States {
    Tensor values;
    const Sequences& rows;  // those of the inputs, which outlive the states and the backward pass
  };

  // Differentiable. Errors (bad_data): a sequence longer than the model takes.
  virtual States encode(const Inputs& inputs, ForwardContext& context) const = 0;

  // What stands for each sequence as a whole, [sequences, width()]: the state of its first token,
  // unless a model has more to say. Errors (bad_data): a sequence without rows.
  virtual Tensor summary(const States& states, ForwardContext& context) const;

  virtual std::int64_t width() const = 0;

  // The longest sequence that the model takes, special tokens included.
  virtual std::int64_t longest() const = 0;
};

// The rows that begin, or end, each sequence: [sequences, d]. Differentiable. Errors (bad_data): a
// sequence without rows.
Tensor first_rows(const Encoder::States& states);
Tensor last_rows(const Encoder::States& states);

}  // namespace heed
