// Multi-head attention (Vaswani et al., 2017, section 3.2): projections, heads side by side, output
// projection. Self-attention takes q, k, v from one sequence; cross-attention takes q from the
// decoder and k, v from the encoder's output.
#pragma once

#include <string>

#include "heed/nn/layers.h"

namespace heed {

struct AttentionConfig {
  int heads = 8;
  double dropout = 0;          // on the attention weights
  std::int64_t head_size = 0;  // 0: the model's size / heads
};

class SelfAttention : public Module {
 public:
  SelfAttention(std::int64_t size, const AttentionConfig& config, bool causal, std::string name,
                Device device);

  // x: [tokens, d] → [tokens, d].
  Tensor forward(const Tensor& x, const Sequences& sequences, ForwardContext& context) const;

  // For decoding step by step: writes q, k, v of new tokens side by side into `qkv`
  // [tokens, 3 width()] (rows of a cache; records no gradient); and the output projection of
  // attended values [tokens, width()].
  void project_qkv_into(const Tensor& x, const Tensor& qkv, ForwardContext& context) const;
  Tensor project_out(const Tensor& attended, ForwardContext& context) const;

  int heads() const { return config_.heads; }
  // Columns of q, of k and of v: heads × head size. The model's size, unless heads were pruned.
  std::int64_t width() const { return width_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  AttentionConfig config_;
  std::int64_t width_;
  bool causal_;
  std::string name_;  // in traces
  FusedLinear qkv_;
  Linear out_;
};

class CrossAttention : public Module {
 public:
  CrossAttention(std::int64_t size, const AttentionConfig& config, std::string name, Device device);

  // x: [query tokens, d] attends to memory: [memory tokens, d] → [query tokens, d].
  Tensor forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                 const Sequences& memory_sequences, ForwardContext& context) const;

  // For decoding step by step: keys and values of the memory side by side, [tokens, 2 width()].
  Tensor project_q(const Tensor& x, ForwardContext& context) const;
  Tensor project_kv(const Tensor& memory, ForwardContext& context) const;
  Tensor project_out(const Tensor& attended, ForwardContext& context) const;

  int heads() const { return config_.heads; }
  // Columns of q, of k and of v: heads × head size. The model's size, unless heads were pruned.
  std::int64_t width() const { return width_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  AttentionConfig config_;
  std::int64_t width_;
  std::string name_;
  Linear q_;
  FusedLinear kv_;
  Linear out_;
};

// 1/sqrt(head size), where `width` holds all heads.
float attention_scale(std::int64_t width, int heads);

}  // namespace heed
