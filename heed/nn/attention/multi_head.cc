#include "heed/nn/attention/multi_head.h"

#include <array>

#include "heed/base/error.h"
#include "heed/kernels/matmul.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/rows.h"

namespace heed {

namespace {

// Zeroes what the heads that the context switches off have attended to, [tokens, width], in place.
void switch_heads_off(const Tensor& attended, const AttentionScope& scope,
                      const ForwardContext& context) {
  if (context.heads_off == nullptr) {
    return;
  }
  const std::string name = scope.place.name();
  const auto off = context.heads_off->find(name);
  if (off == context.heads_off->end()) {
    return;
  }
  check(!gradients_enabled(), "{}: heads can be switched off only without gradients", name);
  for (const int head : off->second) {
    check_usage(head >= 0 && head < scope.heads,
                "{}: head {} is to be switched off, but it has {} heads", name, head, scope.heads);
    attended.columns(head * scope.value_size, (head + 1) * scope.value_size).fill(0);
  }
}

}  // namespace

SelfAttention::SelfAttention(const AttentionConfig& config, const AttentionScope& scope)
    : core_(config, scope),
      qkv_(scope.size,
           {{"q_proj", core_.query_width()},
            {"k_proj", core_.key_width()},
            {"v_proj", core_.value_width()}},
           scope.device, scope.input_bias),
      out_(core_.out_width(), scope.size, scope.device, scope.output_bias) {
  if (scope.mixes_values) {
    for (Parameter* share : {&own_share_, &value_share_}) {
      *share = Parameter({1}, Initial::constant, false, scope.device);
      share->gain = 0.5;
    }
  }
}

Tensor SelfAttention::mixed(const Tensor& own, const Tensor& values) const {
  if (!own_share_.defined()) {
    return own;
  }
  return ops::add(ops::scale_columns(own, own_share_.value),
                  ops::scale_columns(values, value_share_.value));
}

Tensor SelfAttention::forward(const Tensor& x, const Sequences& sequences,
                              const PositionEncoding* positions, ForwardContext& context,
                              const Tensor& values) const {
  const std::array<std::int64_t, 3> widths = {core_.query_width(), core_.key_width(),
                                              core_.value_width()};
  const std::vector<Tensor> qkv = ops::split_columns(qkv_.forward(x, context), widths);
  return project_out(
      core_.attend(qkv[0], qkv[1], mixed(qkv[2], values), sequences, sequences, positions, context),
      context);
}

Tensor SelfAttention::project(const Tensor& x, const Tensor& kept, const Sequences& rows,
                              std::int64_t length, const PositionEncoding* positions,
                              ForwardContext& context, const Tensor& values) const {
  const Tensor qkv = qkv_.forward(x, context);
  const std::int64_t begin = core_.query_width();
  const Tensor keys = qkv.columns(begin, begin + core_.key_width());
  const Tensor compared = core_.kept_keys(keys, rows.positions, length, positions, context);
  if (compared.view().data == keys.view().data && !own_share_.defined()) {
    kept.copy_from(qkv.columns(begin, begin + core_.kept_width()));
  } else {
    core_.keys_of(kept).copy_from(compared);
    const Tensor own = qkv.columns(begin + core_.key_width(), begin + core_.kept_width());
    core_.values_of(kept).copy_from(mixed(own, values));
  }
  return qkv.columns(0, begin);
}

Tensor SelfAttention::prefill(const Tensor& x, const Tensor& kept, const Sequences& sequences,
                              const PositionEncoding* positions, ForwardContext& context,
                              const Tensor& values) const {
  const Tensor queries =
      project(x, kept, sequences, sequences.longest(), positions, context, values);
  return project_out(core_.attend_kept(queries, core_.keys_of(kept), core_.values_of(kept),
                                       sequences, sequences, positions, context),
                     context);
}

Tensor SelfAttention::project_out(const Tensor& attended, ForwardContext& context) const {
  switch_heads_off(attended, core_.scope(), context);
  return out_.forward(attended, context);
}

void SelfAttention::visit(ParameterVisitor& visitor) {
  visitor.parameter("qkv_proj_weight", qkv_.weight);
  visitor.parameter("qkv_proj_bias", qkv_.bias);
  visitor.parameter("own_value_share", own_share_);
  visitor.parameter("embedded_value_share", value_share_);
  core_.visit(visitor);
  visitor.module("out_proj", out_);
}

CrossAttention::CrossAttention(const AttentionConfig& config, const AttentionScope& scope)
    : core_(config, scope),
      q_(scope.size, core_.query_width(), scope.device, scope.input_bias),
      kv_(scope.size, {{"k_proj", core_.key_width()}, {"v_proj", core_.value_width()}},
          scope.device, scope.input_bias),
      out_(core_.out_width(), scope.size, scope.device, scope.output_bias) {}

Tensor CrossAttention::forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                               const Sequences& memory_sequences, const PositionEncoding* positions,
                               ForwardContext& context) const {
  const std::array<std::int64_t, 2> widths = {core_.key_width(), core_.value_width()};
  const Tensor q = project_q(x, context);
  const std::vector<Tensor> kv = ops::split_columns(kv_.forward(memory, context), widths);
  return project_out(core_.attend(q, kv[0], kv[1], sequences, memory_sequences, positions, context),
                     context);
}

Tensor CrossAttention::project_memory(const Tensor& memory, const Sequences& memory_sequences,
                                      const PositionEncoding* positions,
                                      ForwardContext& context) const {
  const Tensor kv = kv_.forward(memory, context);
  const Tensor keys = core_.keys_of(kv);
  const Tensor compared = core_.kept_keys(keys, memory_sequences.positions,
                                          memory_sequences.longest(), positions, context);
  if (compared.view().data != keys.view().data) {
    keys.copy_from(compared);
  }
  return kv;
}

Tensor CrossAttention::project_q(const Tensor& x, ForwardContext& context) const {
  return q_.forward(x, context);
}

Tensor CrossAttention::project_out(const Tensor& attended, ForwardContext& context) const {
  switch_heads_off(attended, core_.scope(), context);
  return out_.forward(attended, context);
}

void CrossAttention::visit(ParameterVisitor& visitor) {
  visitor.module("q_proj", q_);
  visitor.parameter("kv_proj_weight", kv_.weight);
  visitor.parameter("kv_proj_bias", kv_.bias);
  core_.visit(visitor);
  visitor.module("out_proj", out_);
}

}  // namespace heed
