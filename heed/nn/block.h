// A Transformer block: self-attention, in a decoder with an encoder cross-attention, feed-forward,
// each surrounded by a SublayerConnection.
//
//   sequential: y = self-attention of x, then cross-attention, then feed-forward, each with its
//               residual sum (Vaswani et al., 2017, section 3.1)
//   parallel:   y = x + self-attention(N(x)) + feed-forward(N'(x)) (Wang & Komatsuzaki, "GPT-J-6B",
//               2021; with one norm N' is N)
// Thread-safety: as Module.
#pragma once

#include <optional>
#include <string>

#include "heed/nn/attention/multi_head.h"
#include "heed/nn/sublayer_connection.h"

namespace heed {

// Where a block stands in a model.
struct BlockPlace {
  std::string stack = "encoder";  // in traces and of its dropout: "encoder.0.self"
  int layer = 0;
  int layers = 1;             // of its stack
  bool causal = false;        // its self-attention sees no future
  bool cross = false;         // it attends to another stack's output, too
  bool mixes_values = false;  // its self-attention takes values of embeddings
};

// The positions that act inside the attentions of a stack; null: none.
struct StackPositions {
  const PositionEncoding* self = nullptr;
  const PositionEncoding* cross = nullptr;
};

class Block : public Module {
 public:
  // Errors (usage): heads that cannot be left out; an unknown activation.
  Block(const StackConfig& config, const BlockPlace& place, Device device);

  // x: [tokens, d] → [tokens, d]. `values`: see SelfAttention::forward.
  Tensor forward(const Tensor& x, const Sequences& sequences, ForwardContext& context,
                 const StackPositions& positions = {}, const Tensor& values = Tensor()) const;
  // With cross-attention to memory [memory tokens, d].
  Tensor forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                 const Sequences& memory_sequences, ForwardContext& context,
                 const StackPositions& positions = {}) const;

  // The same sublayers with the attentions handed in, for decoding step by step:
  //   self_attend, cross_attend: Tensor(const Tensor& input) → the branch.
  template <typename SelfAttend>
  Tensor step(const Tensor& x, const Sequences& rows, ForwardContext& context,
              SelfAttend&& self_attend) const {
    if (parallel_) {
      const Tensor input = self_connection_.enter(x);
      const Tensor y = self_connection_.leave(x, self_attend(input), rows, context);
      return feed_forward_connection_.leave(
          y, feed(shares_norm_ ? input : feed_forward_connection_.enter(x), rows, context), rows,
          context);
    }
    return finish(self_connection_.forward(x, rows, context, self_attend), rows, context);
  }
  template <typename SelfAttend, typename CrossAttend>
  Tensor step(const Tensor& x, const Sequences& rows, ForwardContext& context,
              SelfAttend&& self_attend, CrossAttend&& cross_attend) const {
    Tensor y = self_connection_.forward(x, rows, context, self_attend);
    y = cross_connection_->forward(y, rows, context, cross_attend);
    return finish(y, rows, context);
  }

  const SelfAttention& self_attention() const { return self_attention_; }
  // Of a block that has one.
  const CrossAttention& cross_attention() const { return *cross_attention_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  Tensor feed(const Tensor& input, const Sequences& rows, ForwardContext& context) const {
    return feed_forward_.forward(input, rows, context);
  }
  Tensor finish(const Tensor& x, const Sequences& rows, ForwardContext& context) const {
    return feed_forward_connection_.forward(
        x, rows, context, [&](const Tensor& input) { return feed(input, rows, context); });
  }

  bool parallel_;
  bool shares_norm_;  // parallel with one norm
  SelfAttention self_attention_;
  SublayerConnection self_connection_;
  std::optional<CrossAttention> cross_attention_;
  std::optional<SublayerConnection> cross_connection_;
  FeedForward feed_forward_;
  SublayerConnection feed_forward_connection_;
};

}  // namespace heed
