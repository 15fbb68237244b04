// Multi-head attention (Vaswani et al., 2017, section 3.2): projections, heads side by side, output
// projection. Self-attention takes q, k, v from one sequence; cross-attention takes q from the
// decoder and k, v from the encoder's output. Keys and values may have fewer heads than queries,
// each shared by a group: one is multi-query attention (Shazeer, "Fast Transformer decoding: one
// write-head is all you need", 2019), more are grouped-query attention (Ainslie et al., "GQA",
// 2023).
// Thread-safety: as Module.
#pragma once

#include "heed/nn/attention/attention_core.h"
#include "heed/nn/layers.h"

namespace heed {

class SelfAttention : public Module {
 public:
  SelfAttention(const AttentionConfig& config, const AttentionScope& scope);

  // x: [tokens, d] → [tokens, d]. `positions`: what acts inside attention, or null. `values`
  // [tokens, key heads · value size] join those of x where the scope says that it mixes values
  // (nn/value_embeddings.h), here and below.
  Tensor forward(const Tensor& x, const Sequences& sequences, const PositionEncoding* positions,
                 ForwardContext& context, const Tensor& values = Tensor()) const;

  // For decoding step by step: q of new tokens [tokens, heads · key size]. Writes what is kept of
  // them into `kept` [tokens, core().kept_width()], rows of a cache; `length` bounds their
  // positions. Records no gradients.
  Tensor project(const Tensor& x, const Tensor& kept, const Sequences& rows, std::int64_t length,
                 const PositionEncoding* positions, ForwardContext& context,
                 const Tensor& values = Tensor()) const;
  // Prefill: forward() of the beginnings of sequences that also writes what project() would keep of
  // them. Records no gradients.
  Tensor prefill(const Tensor& x, const Tensor& kept, const Sequences& sequences,
                 const PositionEncoding* positions, ForwardContext& context,
                 const Tensor& values = Tensor()) const;
  // What was attended [tokens, heads · value size] → [tokens, d].
  Tensor project_out(const Tensor& attended, ForwardContext& context) const;

  const AttentionCore& core() const { return core_; }
  // The map that project_out() applies.
  Linear& output() { return out_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  Tensor mixed(const Tensor& own, const Tensor& values) const;

  AttentionCore core_;
  FusedLinear qkv_;
  Parameter own_share_, value_share_;  // [1] each, or undefined
  Linear out_;
};

class CrossAttention : public Module {
 public:
  CrossAttention(const AttentionConfig& config, const AttentionScope& scope);

  // x: [query tokens, d] attends to memory: [memory tokens, d] → [query tokens, d].
  Tensor forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                 const Sequences& memory_sequences, const PositionEncoding* positions,
                 ForwardContext& context) const;

  // For decoding step by step: what is kept of the memory, [memory tokens, core().kept_width()].
  // Records no gradients.
  Tensor project_memory(const Tensor& memory, const Sequences& memory_sequences,
                        const PositionEncoding* positions, ForwardContext& context) const;
  Tensor project_q(const Tensor& x, ForwardContext& context) const;
  // What was attended [tokens, heads · value size] → [tokens, d].
  Tensor project_out(const Tensor& attended, ForwardContext& context) const;

  const AttentionCore& core() const { return core_; }
  // The map that project_out() applies.
  Linear& output() { return out_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  AttentionCore core_;
  Linear q_;
  FusedLinear kv_;
  Linear out_;
};

}  // namespace heed
