// A stack of blocks with the positions that act inside them and the norm at its end: an encoder, a
// decoder, or a language model without its embeddings and its output.
//
//   Stack encoder(config, {.name = "encoder", .layers = 6}, device);
//   x = encoder.forward(embeddings.forward(…, encoder.positions(), context), rows, context);
// Thread-safety: as Module.
#pragma once

#include <memory>
#include <vector>

#include "heed/nn/block.h"

namespace heed {

struct StackPlace {
  std::string name = "encoder";  // see BlockPlace::stack
  int layers = 1;
  bool causal = false;
  bool cross = false;  // its blocks attend to another stack's output, too
};

class Stack : public Module {
 public:
  // Errors (usage) name the configuration key.
  Stack(const StackConfig& config, const StackPlace& place, Device device);

  // x: [tokens, d] → [tokens, d].
  Tensor forward(const Tensor& x, const Sequences& rows, ForwardContext& context) const;
  // With cross-attention to memory [memory tokens, d].
  Tensor forward(const Tensor& x, const Sequences& rows, const Tensor& memory,
                 const Sequences& memory_rows, ForwardContext& context) const;
  // What follows the last block: the norm at the end, where there is one.
  Tensor finish(const Tensor& x) const { return norm_ ? norm_->forward(x) : x; }

  const std::vector<Block>& blocks() const { return blocks_; }
  // Those of the embeddings and of self-attention.
  const PositionEncoding& positions() const { return *self_positions_; }
  StackPositions attention_positions() const {
    return {self_positions_.get(), cross_positions_.get()};
  }
  void visit(ParameterVisitor& visitor) override;

 private:
  std::unique_ptr<PositionEncoding> self_positions_;
  std::unique_ptr<PositionEncoding> cross_positions_;  // null unless position.cross
  std::vector<Block> blocks_;
  std::optional<Norm> norm_;
};

}  // namespace heed
