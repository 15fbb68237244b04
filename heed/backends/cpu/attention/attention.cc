// Attention of the CPU backend: tasks for the pool. The tiles are in forward.cc, backward.cc
// and cached.cc.
//
// Everything is computed in float32, also where the plan allows bfloat16 products: it is the more
// exact of the two, and the faster one on processors that multiply pairs of bfloat16 at half the
// speed of float32 (docs/PERFORMANCE.md).
#include "heed/kernels/attention.h"

#include <vector>

#include "heed/backends/cpu/attention/dense_heads.h"
#include "heed/backends/cpu/attention/general.h"
#include "heed/backends/cpu/attention/partials.h"
#include "heed/backends/cpu/attention/work.h"
#include "heed/backends/cpu/families.h"

namespace heed::cpu {

namespace {

template <typename Call>
void run_work(ExecutionContext& context, const AttentionWork& work, const Call& call,
              void (*run_item)(const Call&, const AttentionItem&)) {
  const auto tasks = static_cast<std::int64_t>(work.task_begin.size()) - 1;
  const auto run_task = [&](std::int64_t task) {
    const auto t = static_cast<std::size_t>(task);
    for (std::int32_t i = work.task_begin[t]; i < work.task_begin[t + 1]; ++i) {
      run_item(call, work.items[static_cast<std::size_t>(i)]);
    }
  };
  if (tasks == 1 || context.pool == nullptr) {
    for (std::int64_t task = 0; task < tasks; ++task) {
      run_task(task);
    }
  } else {
    context.pool->run(tasks, run_task);
  }
}

// Whether tiles of scores do it. Gates need scale · q·k, and their gradients the scale.
bool runs_in_tiles(const AttentionPlan& plan, const AttentionTerms<ConstView>& terms) {
  return carried_by_online_softmax(plan, terms) &&
         !(terms.contextual.defined() && (plan.scorer != AttentionScorer::dot || plan.scale == 0));
}

void attention_forward(ExecutionContext& context, const AttentionPlan& plan,
                       const AttentionForward& io) {
  if (!runs_in_tiles(plan, io.terms)) {
    return general_attention_forward(context, plan, io);
  }
  const AttentionSizes sizes = check_attention(plan, io);
  const bool copies = worth_dense_heads(plan);
  const DenseHeads k(context, rows_of(io.k), sizes.keys, plan.key_heads, sizes.head_size, copies);
  const DenseHeads v(context, rows_of(io.v), sizes.keys, plan.key_heads, sizes.value_size, copies);
  ForwardCall call{plan,
                   sizes,
                   rows_of(io.q),
                   k.rows(),
                   v.rows(),
                   TermRows(plan, io.terms),
                   rows_of(io.out),
                   rows_of(io.log_sum_exp),
                   nullptr,
                   {}};
  if (io.weights.defined()) {
    call.weights = io.weights.as<float>();
    std::int64_t begin = 0;
    for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
      call.weights_begin.push_back(begin);
      begin += std::int64_t{plan.heads} * (plan.query_offsets[s + 1] - plan.query_offsets[s]) *
               (plan.key_offsets[s + 1] - plan.key_offsets[s]);
    }
  }
  run_work(context, forward_work(plan, call.sizes), call, &run_forward_item);
}

// sum[begin + i] += row i of `parts` matrices of rows × columns that lie `stride` floats apart, in
// their order.
void add_parts(ExecutionContext& context, const float* first, std::int64_t stride,
               std::int64_t parts, std::int64_t rows, std::int64_t columns, const Rows& sum,
               std::int64_t begin) {
  run_rows(context, rows, columns, [&](std::int64_t row_begin, std::int64_t row_end) {
    for (std::int64_t part = 0; part < parts; ++part) {
      for (std::int64_t i = row_begin; i < row_end; ++i) {
        const float* from = first + part * stride + i * columns;
        float* to = sum[begin + i];
        for (std::int64_t c = 0; c < columns; ++c) {
          to[c] += from[c];
        }
      }
    }
  });
}

// dq, or dk and dv, += what parts 1, 2, … of each sequence summed.
void add_partial_sums(ExecutionContext& context, const BackwardCall& call) {
  const AttentionPlan& plan = call.plan;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    const std::int64_t parts = BackwardParts(plan, call.contextual(), s).count() - 1;
    if (parts == 0) {
      continue;
    }
    const float* first = call.partial(s, 1);
    const std::int64_t stride = call.partial_size(s);
    const auto add = [&](const float* from, std::int64_t rows, std::int64_t columns,
                         const Rows& sum, std::int32_t begin) {
      add_parts(context, from, stride, parts, rows, columns, sum, begin);
    };
    if (call.contextual()) {
      const std::int64_t head_columns = plan.key_heads * call.sizes.head_size;
      const std::int64_t value_columns = plan.key_heads * call.sizes.value_size;
      add(first, plan.keys(s), head_columns, call.dk, plan.key_offsets[s]);
      add(first + plan.keys(s) * head_columns, plan.keys(s), value_columns, call.dv,
          plan.key_offsets[s]);
    } else {
      add(first, plan.queries(s), plan.heads * call.sizes.head_size, call.dq,
          plan.query_offsets[s]);
    }
  }
}

void attention_backward(ExecutionContext& context, const AttentionPlan& plan,
                        const AttentionBackward& io) {
  if (!runs_in_tiles(plan, io.terms)) {
    return general_attention_backward(context, plan, io);
  }
  const AttentionSizes sizes = check_attention(plan, io);
  const bool copies = worth_dense_heads(plan);
  const DenseHeads k(context, rows_of(io.k), sizes.keys, plan.key_heads, sizes.head_size, copies);
  const DenseHeads v(context, rows_of(io.v), sizes.keys, plan.key_heads, sizes.value_size, copies);
  BackwardCall call{plan,
                    sizes,
                    rows_of(io.q),
                    k.rows(),
                    v.rows(),
                    rows_of(io.out),
                    rows_of(io.log_sum_exp),
                    rows_of(io.dout),
                    TermRows(plan, io.terms),
                    rows_of(io.dq),
                    rows_of(io.dk),
                    rows_of(io.dv),
                    nullptr,
                    nullptr,
                    {}};
  std::int64_t partial_size = 0;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    call.partial_begin.push_back(partial_size);
    partial_size += (BackwardParts(plan, call.contextual(), s).count() - 1) * call.partial_size(s);
  }
  const Tensor partial = Tensor::empty({partial_size});
  call.partial_sums = partial.values<float>().data();
  const AttentionWork work = backward_work(plan, call.sizes, io.terms, io.dterms);
  const PartialGradients gradients(plan, work, call.terms, io.dterms);
  call.task_gradients = gradients.tasks();
  run_work(context, work, call,
           call.contextual() ? &run_contextual_backward_item : &run_backward_item);
  if (partial_size > 0) {
    add_partial_sums(context, call);
  }
  gradients.add_up(context);
}

void cached_attention(ExecutionContext& context, const CachedAttention& io) {
  if (!carried_by_online_softmax(io.plan, io.terms) || io.terms.contextual.defined()) {
    return general_cached_attention(context, io);
  }
  const CachedCall call{io,
                        check_attention(io),
                        rows_of(io.q),
                        rows_of(io.keys),
                        rows_of(io.values),
                        TermRows(io.plan, io.terms),
                        rows_of(io.out)};
  // Tasks of about as many floats read: of rows and, where one is long, of key heads of it.
  constexpr std::int64_t task_floats = 1 << 15;
  const int group = io.plan.heads / io.plan.key_heads;
  const std::int64_t per_entry = group * (call.sizes.head_size + call.sizes.value_size);
  const std::int64_t parts = call.sizes.queries * io.plan.key_heads;
  std::vector<std::int64_t> task_begin{0};
  std::int64_t floats = 0;
  for (std::int64_t part = 0; part < parts; ++part) {
    const auto r = static_cast<std::size_t>(part / io.plan.key_heads);
    floats += (io.end[r] - io.begin[r] + 1) * per_entry;
    if (floats >= task_floats || part + 1 == parts) {
      task_begin.push_back(part + 1);
      floats = 0;
    }
  }
  const auto tasks = static_cast<std::int64_t>(task_begin.size()) - 1;
  const auto run_task = [&](std::int64_t task) {
    const auto t = static_cast<std::size_t>(task);
    run_cached_heads(call, task_begin[t], task_begin[t + 1]);
  };
  if (tasks <= 1 || context.pool == nullptr) {
    for (std::int64_t task = 0; task < tasks; ++task) {
      run_task(task);
    }
  } else {
    context.pool->run(tasks, run_task);
  }
}

}  // namespace

void register_attention() {
  heed::attention_forward.fill(DeviceKind::cpu, &attention_forward);
  heed::attention_backward.fill(DeviceKind::cpu, &attention_backward);
  heed::cached_attention.fill(DeviceKind::cpu, &cached_attention);
}

}  // namespace heed::cpu
