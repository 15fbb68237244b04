// How a model knows the order of its tokens: one interface, one file per scheme behind it.
//
// A scheme may act in several places, each hook optional: it adds a row per position to the
// embeddings, it turns queries and keys by their positions, or it adds terms to the scores and
// values of attention. One object serves a stack of layers (an encoder, a decoder), and holds what
// its layers learn apart.
#pragma once

#include <memory>
#include <string>

#include "heed/nn/forward_context.h"
#include "heed/nn/module.h"
#include "heed/ops/attention.h"

namespace heed {

struct PositionConfig {
  std::string kind = "sinusoidal";
  std::string layout = "halves";
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind, "none, sinusoidal or learned");
    visit("layout", layout,
          "of sinusoidal positions: halves ([sin | cos], as in Marian) or interleaved");
  }
};

class PositionEncoding : public Module {
 public:
  // Rows to add to the embeddings: [at least `length`, d], or undefined when the scheme adds none.
  // Throws (usage) when the scheme cannot reach that length.
  virtual Tensor table(std::int64_t /*length*/) const { return Tensor(); }

  // Queries [rows, heads · head size] and keys [rows, key heads · head size] turned by their
  // positions, int32 [rows]; `length` bounds the positions. Differentiable. Keys are cached turned.
  virtual Tensor turn_queries(const Tensor& q, const Tensor& /*positions*/,
                              std::int64_t /*length*/) const {
    return q;
  }
  virtual Tensor turn_keys(const Tensor& k, const Tensor& /*positions*/,
                           std::int64_t /*length*/) const {
    return k;
  }

  // Adds what the attention of layer `layer` takes into account besides queries and keys. `length`
  // bounds the positions of queries and keys.
  virtual void add_terms(int /*layer*/, std::int64_t /*length*/,
                         ops::AttentionTerms& /*terms*/) const {}

  void visit(ParameterVisitor&) override {}
};

// `size` is the model's width; `longest` the number of positions of a learned table.
std::unique_ptr<PositionEncoding> make_position_encoding(const PositionConfig& config,
                                                         std::int64_t size, std::int64_t longest,
                                                         Device device);

}  // namespace heed
