#include "heed/ops/attention.h"

namespace heed::ops {

namespace {

// A plan that owns its offsets.
struct OwnedPlan {
  std::vector<std::int32_t> query_offsets, key_offsets;
  AttentionPlan plan;

  explicit OwnedPlan(const AttentionPlan& source)
      : query_offsets(source.query_offsets.begin(), source.query_offsets.end()),
        key_offsets(source.key_offsets.begin(), source.key_offsets.end()),
        plan(source) {}

  AttentionPlan view() const {
    AttentionPlan result = plan;
    result.query_offsets = query_offsets;
    result.key_offsets = key_offsets;
    return result;
  }
};

void check_offsets(const char* what, std::span<const std::int32_t> offsets, std::int64_t rows) {
  bool valid = !offsets.empty() && offsets.front() == 0 && offsets.back() == rows;
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    valid = valid && offsets[i - 1] <= offsets[i];
  }
  check(valid, "attention: the {} offsets do not cut {} rows into sequences", what, rows);
}

std::int64_t weight_count(const AttentionPlan& plan) {
  std::int64_t count = 0;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    count += std::int64_t{plan.query_offsets[s + 1] - plan.query_offsets[s]} *
             (plan.key_offsets[s + 1] - plan.key_offsets[s]);
  }
  return count * plan.heads;
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionPlan& plan,
                 const AttentionTerms& terms, Tensor* weights) {
  check(q.rank() == 2 && k.rank() == 2 && v.rank() == 2 && k.size(0) == v.size(0),
        "attention: q {}, k {}, v {}: expected matrices of rows", q.shape().text(),
        k.shape().text(), v.shape().text());
  check(plan.heads > 0 && plan.key_heads > 0 && plan.heads % plan.key_heads == 0 &&
            q.size(1) % plan.heads == 0 && q.size(1) / plan.heads * plan.key_heads == k.size(1) &&
            v.size(1) % plan.key_heads == 0,
        "attention: q {}, k {}, v {} do not fit {} heads over {} key heads", q.shape().text(),
        k.shape().text(), v.shape().text(), plan.heads, plan.key_heads);
  check(plan.query_offsets.size() == plan.key_offsets.size(),
        "attention: {} query offsets, {} key offsets", plan.query_offsets.size(),
        plan.key_offsets.size());
  check_offsets("query", plan.query_offsets, q.size(0));
  check_offsets("key", plan.key_offsets, k.size(0));

  ExecutionContext context = context_for(q.device());
  const std::int64_t out_columns = v.size(1) / plan.key_heads * plan.heads;
  const Tensor out = Tensor::empty({q.size(0), out_columns}, q.dtype(), q.device());
  const bool recording = will_record({q, k, v});
  const Tensor log_sum_exp =
      recording ? Tensor::empty({q.size(0), plan.heads}, q.dtype(), q.device()) : Tensor();
  if (weights != nullptr) {
    *weights = Tensor::empty({weight_count(plan)}, q.dtype(), q.device());
  }
  attention_forward(context, plan,
                    {.q = q,
                     .k = k,
                     .v = v,
                     .out = out,
                     .log_sum_exp = recording ? log_sum_exp.view() : View(),
                     .weights = weights != nullptr ? weights->view() : View()});
  if (!recording) {
    return out;
  }
  return record("attention", out, {q, k, v},
                [q = q.detach(), k = k.detach(), v = v.detach(), out = out.detach(), log_sum_exp,
                 owned = OwnedPlan(plan), q_slot = gradient_slot(q), k_slot = gradient_slot(k),
                 v_slot = gradient_slot(v)](const Tensor& dout) {
                  ExecutionContext context = context_for(dout.device());
                  // The kernel replaces: straight into a slot that is still empty, else by a copy.
                  const auto place = [](const GradientSlot& slot, const Tensor& like) {
                    GradientSlot::Target target{Tensor(), true};
                    if (slot.wanted()) {
                      target = slot.target();
                    }
                    if (target.accumulate) {
                      target.tensor = Tensor::empty(like.shape(), like.dtype(), like.device());
                    }
                    return target;
                  };
                  const auto dq = place(q_slot, q);
                  const auto dk = place(k_slot, k);
                  const auto dv = place(v_slot, v);
                  attention_backward(context, owned.view(),
                                     {.q = q,
                                      .k = k,
                                      .v = v,
                                      .out = out,
                                      .log_sum_exp = log_sum_exp,
                                      .dout = dout,
                                      .dq = dq.tensor,
                                      .dk = dk.tensor,
                                      .dv = dv.tensor});
                  const auto finish = [](const GradientSlot& slot,
                                         const GradientSlot::Target& target) {
                    if (slot.wanted() && target.accumulate) {
                      slot.give(target.tensor);
                    }
                  };
                  finish(q_slot, dq);
                  finish(k_slot, dk);
                  finish(v_slot, dv);
                });
}

}  // namespace heed::ops
