// A stack of blocks with the positions that act inside them and the norm at its end: an encoder, a
// decoder, or a language model without its embeddings and its output.
//
//   Stack encoder(config, {.name = "encoder", .layers = 6}, device);
//   x = encoder.forward(embeddings.forward(…, encoder.positions(), context), rows, context);
// With skips, layer i of the first half feeds its mirror image, the layer before which as many come
// after: y = x + factor · what layer i gave, the factor learned, 1 at first (Ronneberger et al.,
// "U-Net", 2015; in decoders: modded-nanogpt, 2024).
// Thread-safety: as Module.
#pragma once

#include <memory>
#include <vector>

#include "heed/nn/block.h"
#include "heed/nn/value_embeddings.h"

namespace heed {

struct StackPlace {
  std::string name = "encoder";  // see BlockPlace::stack
  int layers = 1;
  bool causal = false;
  bool cross = false;    // its blocks attend to another stack's output, too
  int value_tables = 0;  // see ValueEmbeddings
  // Width of the embeddings that its positions are added to; 0: d_model.
  std::int64_t embedding_width = 0;
};

class Stack : public Module {
 public:
  // Errors (usage) name the configuration key.
  Stack(const StackConfig& config, const StackPlace& place, Device device);

  // x: [tokens, d] → [tokens, d]. `values`: of the embeddings that join those of its layers.
  Tensor forward(const Tensor& x, const Sequences& rows, ForwardContext& context,
                 const LayerValues& values = {}) const;
  // With cross-attention to memory [memory tokens, d].
  Tensor forward(const Tensor& x, const Sequences& rows, const Tensor& memory,
                 const Sequences& memory_rows, ForwardContext& context) const;
  // The blocks one after the other, and the skips between them:
  //   run: Tensor(std::size_t layer, const Block& block, const Tensor& x) → what the block gives.
  template <typename Run>
  Tensor through(const Tensor& x, Run&& run) const {
    std::vector<Tensor> given;  // of the first half
    Tensor y = x;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const std::size_t mirror = blocks_.size() - 1 - i;
      if (mirror < given.size()) {
        y = join(y, given[mirror], mirror);
      }
      y = run(i, blocks_[i], y);
      if (given.size() < skip_factors_.size()) {
        given.push_back(y);
      }
    }
    return y;
  }
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
  // x + factor · what layer `from` gave.
  Tensor join(const Tensor& x, const Tensor& given, std::size_t from) const;

  std::unique_ptr<PositionEncoding> self_positions_;
  std::unique_ptr<PositionEncoding> cross_positions_;  // null unless position.cross
  std::vector<Block> blocks_;
  std::vector<Parameter> skip_factors_;  // [1] each, by layer of the first half; empty: no skips
  std::optional<Norm> norm_;
};

}  // namespace heed
