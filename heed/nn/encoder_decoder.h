// Encoder and decoder layers (Vaswani et al., 2017, section 3.1), post-norm or pre-norm.
//
//   post-norm: x = LN(x + dropout(sublayer(x)))
//   pre-norm:  x = x + dropout(sublayer(LN(x))), and the stack ends with a norm of its own
#pragma once

#include "heed/nn/attention/multi_head.h"

namespace heed {

struct LayerConfig {
  std::int64_t size = 512;
  std::int64_t feed_forward_size = 2048;
  int heads = 8;
  std::string activation = "relu";
  bool pre_norm = false;
  double norm_epsilon = 1e-5;
  double dropout = 0;             // on the output of each sublayer
  double attention_dropout = 0;   // on attention weights
  double activation_dropout = 0;  // inside the feed-forward
  HeadSet pruned_heads;           // left out; the others keep their size
  AttentionConfig attention;
};

// What surrounds a sublayer: its norm and the residual sum.
class SublayerConnection : public Module {
 public:
  // `name`: of the sublayer, "encoder.0.self".
  SublayerConnection(const LayerConfig& config, const std::string& name, Device device);

  // sublayer: Tensor(const Tensor& input) → the branch.
  template <typename Sublayer>
  Tensor forward(const Tensor& x, const Sequences& sequences, ForwardContext& context,
                 Sublayer&& sublayer) const {
    if (pre_norm_) {
      const Tensor branch = sublayer(norm_.forward(x));
      return add(x, branch, context.dropout(dropout_, sequences.row_keys));
    }
    const Tensor branch = sublayer(x);
    return norm_.forward_residual(x, branch, context.dropout(dropout_, sequences.row_keys));
  }
  void visit(ParameterVisitor& visitor) override { norm_.visit(visitor); }

 private:
  static Tensor add(const Tensor& x, const Tensor& branch, const DropoutStream& stream);

  LayerNorm norm_;
  bool pre_norm_;
  DropoutSite dropout_;
};

// The positions that act inside the attentions of a stack; null: none.
struct StackPositions {
  const PositionEncoding* self = nullptr;
  const PositionEncoding* cross = nullptr;
};

class EncoderLayer : public Module {
 public:
  // `causal`: a layer of a decoder without an encoder, whose tokens see none after them; its
  // attention is named as a decoder's.
  EncoderLayer(const LayerConfig& config, int index, Device device, bool causal = false);

  Tensor forward(const Tensor& x, const Sequences& sequences, ForwardContext& context,
                 const StackPositions& positions = {}) const;

  // The same sublayers with the attention handed in, for decoding step by step:
  //   self_attend: Tensor(const Tensor& input) → the branch.
  template <typename SelfAttend>
  Tensor step(const Tensor& x, const Sequences& rows, ForwardContext& context,
              SelfAttend&& self_attend) const {
    const Tensor y = self_attention_connection_.forward(x, rows, context, self_attend);
    return feed_forward_connection_.forward(y, rows, context, [&](const Tensor& input) {
      return feed_forward_.forward(input, rows, context);
    });
  }

  const SelfAttention& self_attention() const { return self_attention_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  SelfAttention self_attention_;
  SublayerConnection self_attention_connection_;
  FeedForward feed_forward_;
  SublayerConnection feed_forward_connection_;
};

class DecoderLayer : public Module {
 public:
  DecoderLayer(const LayerConfig& config, int index, Device device);

  Tensor forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                 const Sequences& memory_sequences, ForwardContext& context,
                 const StackPositions& positions = {}) const;

  // The same sublayers with the attentions handed in, for decoding step by step:
  //   self_attend, cross_attend: Tensor(const Tensor& input) → the branch.
  template <typename SelfAttend, typename CrossAttend>
  Tensor step(const Tensor& x, const Sequences& rows, ForwardContext& context,
              SelfAttend&& self_attend, CrossAttend&& cross_attend) const {
    Tensor y = self_attention_connection_.forward(x, rows, context, self_attend);
    y = cross_attention_connection_.forward(y, rows, context, cross_attend);
    return feed_forward_connection_.forward(y, rows, context, [&](const Tensor& input) {
      return feed_forward_.forward(input, rows, context);
    });
  }

  const SelfAttention& self_attention() const { return self_attention_; }
  const CrossAttention& cross_attention() const { return cross_attention_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  SelfAttention self_attention_;
  SublayerConnection self_attention_connection_;
  CrossAttention cross_attention_;
  SublayerConnection cross_attention_connection_;
  FeedForward feed_forward_;
  SublayerConnection feed_forward_connection_;
};

}  // namespace heed
