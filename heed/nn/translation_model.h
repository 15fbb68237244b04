// What training, decoding and inspection need of a model that turns one sequence into another, or
// continues one.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "heed/nn/forward_context.h"
#include "heed/nn/module.h"
#include "heed/nn/sequences.h"
#include "heed/ops/softmax.h"

namespace heed {

// A batch of packed sentence pairs (see Sequences).
//   source_ids: each sentence with its end symbol
//   target_inputs: the start symbol, then the target; target_outputs: the target, then the end
//   symbol
// Or of pieces of running text, for a language model: sources without tokens; target_inputs: the
// piece but for its last token; target_outputs: the piece but for its first.
struct TranslationExamples {
  Tensor source_ids;  // int32 [source tokens]
  Sequences source;
  Tensor target_inputs;   // int32 [target tokens]
  Tensor target_outputs;  // int32 [target tokens]
  Sequences target;
};

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

// A model of targets given sources. A language model is one whose sources are empty.
class TranslationModel : public Module {
 public:
  // The loss of the batch (see CrossEntropyOptions::scale); differentiable.
  virtual ops::CrossEntropyResult loss(const TranslationExamples& examples,
                                       const ops::CrossEntropyOptions& options,
                                       ForwardContext& context) const = 0;

  // log p(target | source) of each pair, in float64.
  virtual std::vector<double> log_probabilities(const TranslationExamples& examples,
                                                ForwardContext& context) const = 0;

  // Encodes the sources and gets ready to decode them.
  virtual std::unique_ptr<DecodingSession> start_decoding(const Tensor& source_ids,
                                                          const Sequences& source,
                                                          MatmulPrecision precision) const = 0;

  virtual std::int64_t target_vocabulary_size() const = 0;
  // The longest source or target that the model takes, symbols included.
  virtual std::int64_t longest() const = 0;
};

}  // namespace heed
