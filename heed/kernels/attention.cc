#include "heed/kernels/attention.h"

#include "heed/kernels/operands.h"

namespace heed {

namespace {

void check_heads(int heads, int key_heads) {
  check(heads >= 1 && key_heads >= 1 && heads % key_heads == 0,
        "attention: {} heads cannot share {} key heads evenly", heads, key_heads);
}

std::int64_t head_width(const ConstView& tensor, const char* name, int heads) {
  check(tensor.columns() % heads == 0, "attention: {} of shape {} cannot be cut into {} heads",
        name, tensor.shape.text(), heads);
  return tensor.columns() / heads;
}

std::int64_t check_offsets(std::span<const std::int32_t> offsets, const char* name) {
  check(!offsets.empty() && offsets[0] == 0, "attention: {} offsets must start with 0", name);
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    check(offsets[i - 1] <= offsets[i], "attention: {} offsets fall from {} to {} at {}", name,
          offsets[i - 1], offsets[i], i);
  }
  return offsets.back();
}

AttentionSizes check_inputs(const AttentionPlan& plan, const ConstView& q, const ConstView& k,
                            const ConstView& v, const ConstView& out) {
  check_heads(plan.heads, plan.key_heads);
  check(plan.query_offsets.size() == plan.key_offsets.size(),
        "attention: {} query offsets, but {} key offsets", plan.query_offsets.size(),
        plan.key_offsets.size());
  AttentionSizes sizes;
  sizes.queries = check_offsets(plan.query_offsets, "query");
  sizes.keys = check_offsets(plan.key_offsets, "key");
  sizes.sequences = static_cast<std::int64_t>(plan.query_offsets.size()) - 1;
  sizes.head_size = head_width(q, "q", plan.heads);
  sizes.value_size = head_width(v, "v", plan.key_heads);
  check_matrix("attention", "q", q, sizes.queries, plan.heads * sizes.head_size);
  check_matrix("attention", "k", k, sizes.keys, plan.key_heads * sizes.head_size);
  check_matrix("attention", "v", v, sizes.keys, plan.key_heads * sizes.value_size);
  check_matrix("attention", "out", out, sizes.queries, plan.heads * sizes.value_size);
  return sizes;
}

}  // namespace

AttentionSizes check_attention(const AttentionPlan& plan, const AttentionForward& io) {
  const AttentionSizes sizes = check_inputs(plan, io.q, io.k, io.v, io.out);
  if (io.log_sum_exp.defined()) {
    check_matrix("attention", "log_sum_exp", io.log_sum_exp, sizes.queries, plan.heads);
  }
  if (io.weights.defined()) {
    std::int64_t count = 0;
    for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
      count += std::int64_t{plan.heads} * (plan.query_offsets[s + 1] - plan.query_offsets[s]) *
               (plan.key_offsets[s + 1] - plan.key_offsets[s]);
    }
    check(io.weights.element_count() == count && io.weights.contiguous(),
          "attention: expected {} contiguous weights, got {}", count, io.weights.shape.text());
  }
  return sizes;
}

AttentionSizes check_attention(const AttentionPlan& plan, const AttentionBackward& io) {
  const AttentionSizes sizes = check_inputs(plan, io.q, io.k, io.v, io.out);
  check_matrix("attention", "log_sum_exp", io.log_sum_exp, sizes.queries, plan.heads);
  check_matrix("attention", "dout", io.dout, sizes.queries, io.out.columns());
  check_matrix("attention", "dq", io.dq, sizes.queries, io.q.columns());
  check_matrix("attention", "dk", io.dk, sizes.keys, io.k.columns());
  check_matrix("attention", "dv", io.dv, sizes.keys, io.v.columns());
  return sizes;
}

AttentionSizes check_attention(const CachedAttention& io) {
  check_heads(io.plan.heads, io.plan.key_heads);
  AttentionSizes sizes;
  sizes.queries = io.q.rows();
  sizes.sequences = sizes.queries;
  sizes.keys = io.keys.rows();
  sizes.head_size = head_width(io.q, "q", io.plan.heads);
  sizes.value_size = head_width(io.values, "values", io.plan.key_heads);
  check_matrix("attention", "keys", io.keys, sizes.keys, io.plan.key_heads * sizes.head_size);
  check_matrix("attention", "values", io.values, sizes.keys, io.plan.key_heads * sizes.value_size);
  check_matrix("attention", "out", io.out, sizes.queries, io.plan.heads * sizes.value_size);
  const auto rows = static_cast<std::size_t>(sizes.queries);
  check(io.begin.size() == rows && io.end.size() == rows && io.positions.size() == rows,
        "attention: expected {} begin, end and position entries, got {}, {} and {}", rows,
        io.begin.size(), io.end.size(), io.positions.size());
  const auto slot_count = static_cast<std::int64_t>(io.slots.size());
  for (std::size_t row = 0; row < rows; ++row) {
    check(0 <= io.begin[row] && io.begin[row] <= io.end[row] && io.end[row] <= slot_count,
          "attention: row {} sees slots {} to {} of {}", row, io.begin[row], io.end[row],
          slot_count);
    for (std::int32_t i = io.begin[row]; i < io.end[row]; ++i) {
      const std::int32_t slot = io.slots[static_cast<std::size_t>(i)];
      check(0 <= slot && slot < sizes.keys, "attention: row {} sees slot {}, the cache has {}", row,
            slot, sizes.keys);
    }
  }
  return sizes;
}

}  // namespace heed
