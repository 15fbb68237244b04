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

std::int64_t width_of(std::int64_t size, const AttentionConfig& config) {
  check_usage(config.heads > 0 && size > 0, "attention with {} heads in a model of size {}",
              config.heads, size);
  check_usage(config.head_size > 0 || (config.head_size == 0 && size % config.heads == 0),
              "model size {} cannot be divided among {} heads", size, config.heads);
  return config.head_size > 0 ? config.heads * config.head_size : size;
}

// Zeroes what the heads that the context switches off have attended to, [tokens, width], in place.
void switch_heads_off(const Tensor& attended, const std::string& name, int heads,
                      const ForwardContext& context) {
  const auto off = context.heads_off->find(name);
  if (off == context.heads_off->end()) {
    return;
  }
  check(!gradients_enabled(), "{}: heads can be switched off only without gradients", name);
  const std::int64_t size = attended.size(1) / heads;
  for (const int head : off->second) {
    check_usage(head >= 0 && head < heads, "{}: head {} is to be switched off, but it has {} heads",
                name, head, heads);
    attended.columns(head * size, (head + 1) * size).fill(0);
  }
}

}  // namespace

float attention_scale(std::int64_t width, int heads) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(width / heads)));
}

SelfAttention::SelfAttention(std::int64_t size, const AttentionConfig& config, bool causal,
                             std::string name, Device device)
    : config_(config),
      width_(width_of(size, config)),
      causal_(causal),
      name_(std::move(name)),
      qkv_(size, width_, {"q_proj", "k_proj", "v_proj"}, device),
      out_(width_, size, device) {}

Tensor SelfAttention::forward(const Tensor& x, const Sequences& sequences,
                              ForwardContext& context) const {
  const std::array<std::int64_t, 3> widths = {width_, width_, width_};
  const std::vector<Tensor> qkv = ops::split_columns(qkv_.forward(x, context), widths);
  const AttentionPlan plan{.query_offsets = sequences.offsets,
                           .key_offsets = sequences.offsets,
                           .heads = config_.heads,
                           .key_heads = config_.heads,
                           .scale = attention_scale(width_, config_.heads),
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
  if (context.heads_off != nullptr) {
    switch_heads_off(attended, name_, config_.heads, context);
  }
  return out_.forward(attended, context);
}

void SelfAttention::visit(ParameterVisitor& visitor) {
  visitor.parameter("qkv_proj_weight", qkv_.weight);
  visitor.parameter("qkv_proj_bias", qkv_.bias);
  visitor.module("out_proj", out_);
}

CrossAttention::CrossAttention(std::int64_t size, const AttentionConfig& config, std::string name,
                               Device device)
    : config_(config),
      width_(width_of(size, config)),
      name_(std::move(name)),
      q_(size, width_, device),
      kv_(size, width_, {"k_proj", "v_proj"}, device),
      out_(width_, size, device) {}

Tensor CrossAttention::forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                               const Sequences& memory_sequences, ForwardContext& context) const {
  const std::array<std::int64_t, 2> widths = {width_, width_};
  const Tensor q = project_q(x, context);
  const std::vector<Tensor> kv = ops::split_columns(project_kv(memory, context), widths);
  const AttentionPlan plan{.query_offsets = sequences.offsets,
                           .key_offsets = memory_sequences.offsets,
                           .heads = config_.heads,
                           .key_heads = config_.heads,
                           .scale = attention_scale(width_, config_.heads),
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
  if (context.heads_off != nullptr) {
    switch_heads_off(attended, name_, config_.heads, context);
  }
  return out_.forward(attended, context);
}

void CrossAttention::visit(ParameterVisitor& visitor) {
  visitor.module("q_proj", q_);
  visitor.parameter("kv_proj_weight", kv_.weight);
  visitor.parameter("kv_proj_bias", kv_.bias);
  visitor.module("out_proj", out_);
}

}  // namespace heed
