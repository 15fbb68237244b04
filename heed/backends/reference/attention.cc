// Attention by its definition: sequence by sequence and query by query, so that every sum has one
// order. The mathematics of a query is in attention_query.cc.
#include "heed/kernels/attention.h"

#include <algorithm>

#include "heed/backends/reference/attention_query.h"
#include "heed/backends/reference/families.h"

namespace heed::reference {

namespace {

// Query i of sequence s.
QueryPlace place_of(const AttentionPlan& plan, std::size_t s, std::int64_t i) {
  QueryPlace query{.row = plan.query_offsets[s] + i,
                   .table_row = i,
                   .position = plan.query_start(s) + i,
                   .keys = {}};
  for (std::int64_t j = 0; j < plan.keys(s); ++j) {
    if (plan.sees(s, i, j)) {
      query.keys.push_back({j, plan.key_offsets[s] + j});
    }
  }
  return query;
}

// Row r of a step over a cache: the only query of a sequence that stands at positions[r].
QueryPlace place_of(const CachedAttention& io, std::size_t r) {
  const std::int32_t query_offsets[] = {0, 1};
  const std::int32_t key_offsets[] = {0, io.end[r] - io.begin[r]};
  const std::int32_t starts[] = {io.positions[r]};
  AttentionPlan step = io.plan;
  step.query_offsets = query_offsets;
  step.key_offsets = key_offsets;
  step.query_starts = starts;
  QueryPlace query = place_of(step, 0, 0);
  query.row = static_cast<std::int64_t>(r);
  query.table_row = query.position;
  for (SeenKey& key : query.keys) {
    key.row = io.slots[static_cast<std::size_t>(io.begin[r] + key.row)];
  }
  return query;
}

// Calls visit(s, i) for all queries in their order.
template <typename Visit>
void for_each_query(const AttentionPlan& plan, Visit&& visit) {
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    for (std::int64_t i = 0; i < plan.queries(s); ++i) {
      visit(s, i);
    }
  }
}

void attention_forward(ExecutionContext&, const AttentionPlan& plan, const AttentionForward& io) {
  const AttentionSizes sizes = check_attention(plan, io);
  const AttentionNumbers in = numbers_of(plan, sizes, io.q, io.k, io.v, io.terms);
  Numbers out(sizes.queries, io.out.columns());
  Numbers log_sum_exp(sizes.queries, plan.heads);
  Numbers weights(1, io.weights.element_count());
  std::int64_t traced = 0;  // where the weights of the sequence begin
  for_each_query(plan, [&](std::size_t s, std::int64_t i) {
    const QueryPlace query = place_of(plan, s, i);
    const QueryAttention attention = attend(in, query);
    std::copy(attention.out.begin(), attention.out.end(),
              out.values.begin() + query.row * out.columns);
    for (int h = 0; h < plan.heads; ++h) {
      const auto head = static_cast<std::size_t>(h);
      log_sum_exp(query.row, h) = attention.log_sum_exp[head];
      const std::int64_t first = traced + (h * plan.queries(s) + i) * plan.keys(s);
      for (std::size_t n = 0; io.weights.defined() && n < query.keys.size(); ++n) {
        weights(0, first + query.keys[n].place) = attention.mixed[head][n];
      }
    }
    if (i + 1 == plan.queries(s)) {
      traced += plan.heads * plan.queries(s) * plan.keys(s);
    }
  });
  out.write_to(io.out);
  if (io.log_sum_exp.defined() && plan.normalizer == AttentionNormalizer::softmax) {
    log_sum_exp.write_to(io.log_sum_exp);
  }
  if (io.weights.defined()) {
    View row = io.weights;  // contiguous
    row.shape = Shape({1, weights.columns});
    row.strides = {weights.columns, 1};
    weights.write_to(row);
  }
}

void attention_backward(ExecutionContext&, const AttentionPlan& plan, const AttentionBackward& io) {
  const AttentionSizes sizes = check_attention(plan, io);
  const AttentionNumbers in = numbers_of(plan, sizes, io.q, io.k, io.v, io.terms);
  const Numbers dout(io.dout);
  AttentionNumbers sums = zeros_like(in);
  for_each_query(plan, [&](std::size_t s, std::int64_t i) {
    const QueryPlace query = place_of(plan, s, i);
    add_gradients(in, query, attend(in, query), dout.values.data() + query.row * dout.columns,
                  sums);
  });
  sums.q.write_to(io.dq);
  sums.k.write_to(io.dk);
  sums.v.write_to(io.dv);
  visit_terms(
      [](const char*, const Numbers& sum, const View& gradient) {
        if (gradient.defined()) {
          sum.write_to(gradient);
        }
      },
      sums.terms, io.dterms);
}

void cached_attention(ExecutionContext&, const CachedAttention& io) {
  const AttentionSizes sizes = check_attention(io);
  const AttentionNumbers in = numbers_of(io.plan, sizes, io.q, io.keys, io.values, io.terms);
  Numbers out(sizes.queries, io.out.columns());
  for (std::int64_t r = 0; r < sizes.queries; ++r) {
    const QueryAttention attention = attend(in, place_of(io, static_cast<std::size_t>(r)));
    std::copy(attention.out.begin(), attention.out.end(), out.values.begin() + r * out.columns);
  }
  out.write_to(io.out);
}

}  // namespace

void register_attention() {
  heed::attention_forward.fill(DeviceKind::reference, &attention_forward);
  heed::attention_backward.fill(DeviceKind::reference, &attention_backward);
  heed::cached_attention.fill(DeviceKind::reference, &cached_attention);
}

}  // namespace heed::reference
