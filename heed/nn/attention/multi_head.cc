#include "heed/nn/attention/multi_head.h"

#include <array>
#include <cmath>

#include "heed/kernels/matmul.h"
#include "heed/ops/attention.h"
#include "heed/ops/elementwise.h"

namespace heed {

namespace {

// Attends, and keeps the weights when the context asks for them.
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionPlan& plan,
              const std::string& name, ForwardContext& context) {
  if (context.trace == nullptr) {
    return ops::attention(q, k, v, plan);
  }
  AttentionTrace::Entry entry;
  entry.name = name;
  entry.heads = plan.heads;
  entry.query_offsets.assign(plan.query_offsets.begin(), plan.query_offsets.end());
  entry.key_offsets.assign(plan.key_offsets.begin(), plan.key_offsets.end());
  const Tensor out = ops::attention(q, k, v, plan, {}, &entry.weights);
  context.trace->entries.push_back(std::move(entry));
  return out;
}

void check_heads(std::int64_t size, int heads) {
  check_usage(heads > 0 && size > 0 && size % heads == 0,
              "model size {} cannot be divided among {} heads", size, heads);
}

}  // namespace

float attention_scale(std::int64_t size, int heads) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(size / heads)));
}

SelfAttention::SelfAttention(std::int64_t size, const AttentionConfig& config, bool causal,
                             std::string name, Device device)
    : size_((check_heads(size, config.heads), size)),
      config_(config),
      causal_(causal),
      name_(std::move(name)),
      qkv_(size, size, {"q_proj", "k_proj", "v_proj"}, device),
      out_(size, size, device) {}

Tensor SelfAttention::forward(const Tensor& x, const Sequences& sequences,
                              ForwardContext& context) const {
  const std::array<std::int64_t, 3> widths = {size_, size_, size_};
  const std::vector<Tensor> qkv = ops::split_columns(qkv_.forward(x, context), widths);
  const AttentionPlan plan{.query_offsets = sequences.offsets,
                           .key_offsets = sequences.offsets,
                           .heads = config_.heads,
                           .key_heads = config_.heads,
                           .scale = attention_scale(size_, config_.heads),
                           .causal = causal_,
                           .dropout = context.dropout(config_.dropout, sequences.row_keys),
                           .precision = context.precision};
  return project_out(attend(qkv[0], qkv[1], qkv[2], plan, name_, context), context);
}

void SelfAttention::project_qkv_into(const Tensor& x, const Tensor& qkv,
                                     ForwardContext& context) const {
  ExecutionContext execution = context_for(x.device());
  matmul(execution, x, qkv_.weight.value, qkv,
         {.transpose_b = true, .precision = context.precision, .bias = qkv_.bias.value.view()});
}

Tensor SelfAttention::project_out(const Tensor& attended, ForwardContext& context) const {
  return out_.forward(attended, context);
}

void SelfAttention::visit(ParameterVisitor& visitor) {
  visitor.parameter("qkv_proj_weight", qkv_.weight);
  visitor.parameter("qkv_proj_bias", qkv_.bias);
  visitor.module("out_proj", out_);
}

CrossAttention::CrossAttention(std::int64_t size, const AttentionConfig& config, std::string name,
                               Device device)
    : size_((check_heads(size, config.heads), size)),
      config_(config),
      name_(std::move(name)),
      q_(size, size, device),
      kv_(size, size, {"k_proj", "v_proj"}, device),
      out_(size, size, device) {}

Tensor CrossAttention::forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                               const Sequences& memory_sequences, ForwardContext& context) const {
  const std::array<std::int64_t, 2> widths = {size_, size_};
  const Tensor q = project_q(x, context);
  const std::vector<Tensor> kv = ops::split_columns(project_kv(memory, context), widths);
  const AttentionPlan plan{.query_offsets = sequences.offsets,
                           .key_offsets = memory_sequences.offsets,
                           .heads = config_.heads,
                           .key_heads = config_.heads,
                           .scale = attention_scale(size_, config_.heads),
                           .dropout = context.dropout(config_.dropout, sequences.row_keys),
                           .precision = context.precision};
  return project_out(attend(q, kv[0], kv[1], plan, name_, context), context);
}

Tensor CrossAttention::project_q(const Tensor& x, ForwardContext& context) const {
  return q_.forward(x, context);
}

Tensor CrossAttention::project_kv(const Tensor& memory, ForwardContext& context) const {
  return kv_.forward(memory, context);
}

Tensor CrossAttention::project_out(const Tensor& attended, ForwardContext& context) const {
  return out_.forward(attended, context);
}

void CrossAttention::visit(ParameterVisitor& visitor) {
  visitor.module("q_proj", q_);
  visitor.parameter("kv_proj_weight", kv_.weight);
  visitor.parameter("kv_proj_bias", kv_.bias);
  visitor.module("out_proj", out_);
}

}  // namespace heed
