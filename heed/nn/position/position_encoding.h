// How a model knows the order of its tokens: one interface, one file per scheme behind it.
//
// A scheme may act in several places, each hook optional. The hook that exists now adds a row per
// position to the embeddings; schemes that rotate queries and keys or bias the scores get hooks of
// their own here.
#pragma once

#include <memory>
#include <string>

#include "heed/nn/forward_context.h"
#include "heed/nn/module.h"

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
  virtual Tensor table(std::int64_t length) const = 0;
  void visit(ParameterVisitor&) override {}
};

// `size` is the model's width; `longest` the number of positions of a learned table.
std::unique_ptr<PositionEncoding> make_position_encoding(const PositionConfig& config,
                                                         std::int64_t size, std::int64_t longest,
                                                         Device device);

}  // namespace heed
