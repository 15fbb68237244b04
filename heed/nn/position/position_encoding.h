// How a model knows the order of its tokens: one interface, one file per scheme behind it.
//
// A scheme may act in several places, each hook optional: it adds a row per position to the
// embeddings, it turns queries and keys by their positions, or it adds terms to the scores and
// values of attention. One object serves a stack of layers (an encoder, a decoder), and holds what
// its layers learn apart, visited as "layers.N.…".
//
// A new scheme is one file with a class derived from PositionEncoding and a function that returns
// its PositionScheme: named in position_encoding.cc, or handed to add_position_scheme() by a
// program of one's own.
// Thread-safety: as Module; the list of schemes may be read and added to from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "heed/nn/forward_context.h"
#include "heed/nn/module.h"
#include "heed/nn/position/position_config.h"
#include "heed/ops/attention.h"

namespace heed {

class PositionEncoding : public Module {
 public:
  // Rows to add to the embeddings: [at least `length`, d], or undefined when the scheme adds none.
  // Throws (usage) when the scheme cannot reach that length.
  virtual Tensor table(std::int64_t /*length*/) const { return Tensor(); }

  // Queries [rows, heads · head size] and keys [rows, key heads · head size] of layer `layer`
  // turned by their positions, int32 [rows]; `length` bounds the positions. Differentiable. Keys
  // are cached turned.
  virtual Tensor turn_queries(int /*layer*/, const Tensor& q, const Tensor& /*positions*/,
                              std::int64_t /*length*/) const {
    return q;
  }
  virtual Tensor turn_keys(int /*layer*/, const Tensor& k, const Tensor& /*positions*/,
                           std::int64_t /*length*/) const {
    return k;
  }

  // Adds what the attention of layer `layer` takes into account besides queries and keys. `length`
  // bounds the positions of queries and keys.
  virtual void add_terms(int /*layer*/, std::int64_t /*length*/,
                         ops::AttentionTerms& /*terms*/) const {}

  void visit(ParameterVisitor&) override {}
};

// The stack of layers that a scheme serves.
struct PositionScope {
  std::int64_t size = 512;  // width of the embeddings
  int heads = 8;
  int key_heads = 8;            // heads of keys and values; divides heads
  std::int64_t head_size = 64;  // components of a head's queries and keys
  std::int64_t value_size = 0;  // and of its values; 0: head_size
  int layers = 6;
  std::int64_t longest = 512;  // positions that the model takes
  bool causal = false;         // its self-attention sees no future: a decoder
  std::vector<bool> windowed;  // by layer: its attention has a window; empty: none has
  Device device;
};

// A scheme by name: what it does, and how to make it.
struct PositionScheme {
  std::string kind;
  std::string summary;  // one line, with the source
  // Where it acts.
  bool embeddings = false;        // adds rows to the embeddings
  bool queries_and_keys = false;  // turns queries and keys
  bool scores = false;            // adds to the scores
  bool values = false;            // adds to the values
  // What it does depends on the content of queries and keys beyond their product with a vector.
  bool contextual = false;
  bool learned = false;     // has parameters
  bool any_length = false;  // is defined for positions beyond those it was made or trained for
  // Turned queries and keys change their lengths: their product alone depends on the distance.
  bool stretches = false;
  // Serves sequences that are the cells of a square window, and no others.
  bool square_window = false;
  // Errors (usage) name the key of an option without sense.
  std::function<std::unique_ptr<PositionEncoding>(const PositionConfig&, const PositionScope&)>
      make;
};

// All schemes, in the order of the documentation.
std::vector<PositionScheme> position_schemes();
// The one of that kind. Errors (usage): there is none.
PositionScheme position_scheme(const std::string& kind);
// Makes a further scheme known to make_position_encoding(), or replaces one of the same kind.
void add_position_scheme(PositionScheme scheme);

// Errors (usage): an unknown kind, or an option of the scheme without sense; they name the key.
std::unique_ptr<PositionEncoding> make_position_encoding(const PositionConfig& config,
                                                         const PositionScope& scope);

}  // namespace heed
