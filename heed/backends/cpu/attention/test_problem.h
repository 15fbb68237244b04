// For tests of the fused attention kernels: calls with random operands of any sizes, and their
// results.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"
#include "heed/kernels/attention.h"

namespace heed::cpu {

struct AttentionShape {
  std::vector<std::int32_t> queries, keys;  // of each sequence
  int heads = 1;
  int key_heads = 1;
  int head_size = 16;
  int value_size = 16;
  bool causal = false;
  float dropout = 0;
};

inline std::vector<std::int32_t> offsets_of(const std::vector<std::int32_t>& lengths) {
  std::vector<std::int32_t> offsets{0};
  for (std::int32_t length : lengths) {
    offsets.push_back(offsets.back() + length);
  }
  return offsets;
}

template <typename V>
AttentionTerms<V> term_views(const AttentionTerms<Tensor>& terms) {
  AttentionTerms<V> views;
  visit_terms([](const char*, const Tensor& term,
                 V& view) { view = term.defined() ? V(term.view()) : V(); },
              terms, views);
  return views;
}

// The same numbers for the reference backend, in the same shape.
inline Tensor exact(const Tensor& x) {
  return x.to(DType::float64).to(reference_device);
}

// Operands with gaps between their rows, and the results of a call.
struct AttentionProblem {
  AttentionShape sizes;
  std::vector<std::int32_t> query_offsets, key_offsets;
  std::vector<std::uint64_t> row_keys;
  Tensor q, k, v, dout;
  AttentionPlan options;  // masks and the like, without spans
  float scale = 1.0f / std::sqrt(static_cast<float>(sizes.head_size));
  std::vector<std::int32_t> query_starts, prefix, query_segments, key_segments;
  AttentionTerms<Tensor> terms;
  Tensor out, log_sum_exp, weights, dq, dk, dv;
  AttentionTerms<Tensor> dterms;

  explicit AttentionProblem(const AttentionShape& shape, std::uint64_t seed = 1)
      : sizes(shape),
        query_offsets(offsets_of(sizes.queries)),
        key_offsets(offsets_of(sizes.keys)) {
    const std::int64_t queries = query_offsets.back();
    const std::int64_t keys = key_offsets.back();
    q = random_rows(queries, sizes.heads * sizes.head_size, seed, 5);
    k = random_rows(keys, sizes.key_heads * sizes.head_size, seed + 1, 3);
    v = random_rows(keys, sizes.key_heads * sizes.value_size, seed + 2, 7);
    dout = random_rows(queries, sizes.heads * sizes.value_size, seed + 3, 2);
    Random random(seed, 9);
    for (std::int64_t i = 0; i < queries; ++i) {
      row_keys.push_back(random.next_u64());
    }
  }

  AttentionPlan plan() const {
    AttentionPlan plan = options;
    plan.query_offsets = query_offsets;
    plan.key_offsets = key_offsets;
    plan.query_starts = query_starts;
    plan.prefix = prefix;
    plan.query_segments = query_segments;
    plan.key_segments = key_segments;
    plan.heads = sizes.heads;
    plan.key_heads = sizes.key_heads;
    plan.scale = scale;
    plan.causal = sizes.causal;
    plan.dropout = {sizes.dropout, 0x123456789ABCDEFull, 77, row_keys.data()};
    return plan;
  }

  // Random terms. Tables by distance are per head where `per_head`.
  void add_distance_bias(std::int64_t reach) {
    terms.distance_bias = random_rows(sizes.heads, 2 * reach + 1, 11, 3);
  }
  void add_table_bias() {
    const std::int64_t queries = sizes.queries.at(0);
    terms.table_bias = random_rows(sizes.heads * queries, sizes.keys.at(0), 12)
                           .reshape({sizes.heads, queries, sizes.keys.at(0)});
  }
  void add_vectors(std::int64_t key_reach, std::int64_t value_reach, bool per_head) {
    const auto table = [&](std::int64_t reach, std::int64_t size, std::uint64_t seed) {
      const std::int64_t rows = 2 * reach + 1;
      return per_head ? random_rows(sizes.heads * rows, size, seed, 0, 0.5)
                            .reshape({sizes.heads, rows, size})
                      : random_rows(rows, size, seed, 4, 0.5);
    };
    if (key_reach >= 0) {
      terms.key_vectors = table(key_reach, sizes.head_size, 13);
    }
    if (value_reach >= 0) {
      terms.value_vectors = table(value_reach, sizes.value_size, 14);
    }
  }
  void add_sinks() { terms.sinks = random_rows(1, sizes.heads, 15); }
  void add_contextual(std::int64_t positions) {
    terms.contextual = random_rows(positions, sizes.head_size, 16, 3, 0.5);
  }
  // On a smooth curve: the slope of a position hardly changes where it passes a whole number, so
  // that it does not matter on which side of it rounding errors leave one of very many positions.
  void add_smooth_contextual(std::int64_t positions) {
    add_contextual(positions);
    float* row = terms.contextual.view().as<float>();
    for (std::int64_t p = 0; p < positions; ++p, row += terms.contextual.view().row_stride()) {
      for (int c = 0; c < sizes.head_size; ++c) {
        row[c] = 0.5f * std::sin(0.01f * static_cast<float>((c % 5 + 1) * p + 50 * c));
      }
    }
  }
  // Segments that change every few rows, the same for queries and keys at the same place.
  void add_segments(std::int32_t length) {
    const auto segments = [&](const std::vector<std::int32_t>& offsets) {
      std::vector<std::int32_t> result(static_cast<std::size_t>(offsets.back()));
      for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
        for (std::int32_t r = offsets[s]; r < offsets[s + 1]; ++r) {
          result[static_cast<std::size_t>(r)] = (r - offsets[s]) / length * 7 % 5;
        }
      }
      return result;
    };
    query_segments = segments(query_offsets);
    key_segments = segments(key_offsets);
  }

  AttentionProblem in_double() const {
    AttentionProblem copy = *this;
    copy.q = wide(q);
    copy.k = wide(k);
    copy.v = wide(v);
    copy.dout = wide(dout);
    visit_terms([](const char*, Tensor& term) { term = term.defined() ? exact(term) : Tensor(); },
                copy.terms);
    return copy;
  }
  // Results start as NaN: whatever is not written shows.
  Tensor result_like(const Tensor& x) const {
    Tensor result =
        x.rank() == 2 ? copy_of(x, q.dtype()) : Tensor::empty(x.shape(), q.dtype(), q.device());
    result.fill(std::numeric_limits<double>::quiet_NaN());
    return result;
  }
  std::int64_t weight_count() const {
    std::int64_t count = 0;
    for (std::size_t s = 0; s < sizes.queries.size(); ++s) {
      count += std::int64_t{sizes.heads} * sizes.queries[s] * sizes.keys[s];
    }
    return count;
  }
  void run_forward(ExecutionContext& context, bool traced = true) {
    out = result_like(dout);
    log_sum_exp = Tensor::zeros({query_offsets.back(), sizes.heads}, q.dtype(), q.device());
    log_sum_exp.fill(std::numeric_limits<double>::quiet_NaN());
    weights = {};
    if (traced) {
      weights = Tensor::empty({weight_count()}, q.dtype(), q.device());
      weights.fill(std::numeric_limits<double>::quiet_NaN());
    }
    attention_forward(context, plan(),
                      {.q = q,
                       .k = k,
                       .v = v,
                       .terms = term_views<ConstView>(terms),
                       .out = out,
                       .log_sum_exp = log_sum_exp,
                       .weights = traced ? View(weights) : View()});
  }
  void run_backward(ExecutionContext& context) {
    dq = result_like(q);
    dk = result_like(k);
    dv = result_like(v);
    visit_terms([&](const char*, const Tensor& term,
                    Tensor& gradient) { gradient = term.defined() ? result_like(term) : Tensor(); },
                terms, dterms);
    attention_backward(context, plan(),
                       {.q = q,
                        .k = k,
                        .v = v,
                        .terms = term_views<ConstView>(terms),
                        .out = out,
                        .log_sum_exp = log_sum_exp,
                        .dout = dout,
                        .dq = dq,
                        .dk = dk,
                        .dv = dv,
                        .dterms = term_views<View>(dterms)});
  }
  std::vector<std::pair<std::string, Tensor>> results() const {
    std::vector<std::pair<std::string, Tensor>> all{{"out", out}, {"log_sum_exp", log_sum_exp}};
    for (const auto& [name, tensor] :
         {std::pair{"weights", weights}, {"dq", dq}, {"dk", dk}, {"dv", dv}}) {
      if (tensor.defined()) {
        all.emplace_back(name, tensor);
      }
    }
    visit_terms(
        [&](const char* name, const Tensor& gradient) {
          if (gradient.defined()) {
            all.emplace_back(std::string("gradient of ") + name, gradient);
          }
        },
        dterms);
    return all;
  }
  std::vector<Tensor> result_tensors() const {
    std::vector<Tensor> tensors;
    for (const auto& [name, tensor] : results()) {
      tensors.push_back(tensor);
    }
    return tensors;
  }
};

// Forward and backward of every instruction set against the reference backend in float64.
inline void expect_matches_reference(AttentionProblem problem, double tolerance = 5e-6) {
  AttentionProblem expected = problem.in_double();
  ExecutionContext reference = reference_context();
  expected.run_forward(reference);
  expected.run_backward(reference);
  const auto queries = static_cast<double>(problem.query_offsets.back());
  for_each_target([&](ExecutionContext& context) {
    problem.run_forward(context);
    problem.run_backward(context);
    const auto got = problem.results();
    const auto wanted = expected.results();
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      SCOPED_TRACE(got[i].first);
      // The gradients of a query's scores are about 1 together; those of terms sum over queries.
      const bool term = got[i].first.starts_with("gradient of");
      expect_close_to_largest(got[i].second, wanted[i].second, tolerance,
                              term ? std::max(1.0, queries / 10) : 1.0);
    }
  });
}

// Forward and backward of each sequence by itself give the bits that they give in the batch.
inline void expect_independent_of_batch(AttentionProblem batch) {
  ExecutionContext context = context_for(cpu_device);
  batch.run_forward(context);
  batch.run_backward(context);
  for (std::size_t s = 0; s < batch.sizes.queries.size(); ++s) {
    AttentionShape shape = batch.sizes;
    shape.queries = {batch.sizes.queries[s]};
    shape.keys = {batch.sizes.keys[s]};
    AttentionProblem alone(shape);
    alone.scale = batch.scale;
    alone.terms = batch.terms;
    const auto rows = [&](const Tensor& x, const std::vector<std::int32_t>& offsets) {
      return x.rows(offsets[s], offsets[s + 1]);
    };
    alone.q = rows(batch.q, batch.query_offsets);
    alone.k = rows(batch.k, batch.key_offsets);
    alone.v = rows(batch.v, batch.key_offsets);
    alone.dout = rows(batch.dout, batch.query_offsets);
    alone.row_keys.assign(batch.row_keys.begin() + batch.query_offsets[s],
                          batch.row_keys.begin() + batch.query_offsets[s + 1]);
    alone.run_forward(context);
    alone.run_backward(context);
    EXPECT_EQ(alone.out.to_doubles(), rows(batch.out, batch.query_offsets).to_doubles());
    EXPECT_EQ(alone.dq.to_doubles(), rows(batch.dq, batch.query_offsets).to_doubles());
    EXPECT_EQ(alone.dk.to_doubles(), rows(batch.dk, batch.key_offsets).to_doubles());
    EXPECT_EQ(alone.dv.to_doubles(), rows(batch.dv, batch.key_offsets).to_doubles());
  }
}

class CpuAttentionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    reference::register_attention();
    cpu::register_attention();
  }
};

}  // namespace heed::cpu
