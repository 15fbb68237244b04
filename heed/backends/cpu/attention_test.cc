#include "heed/kernels/attention.h"

#include <limits>
#include <numeric>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/kernel_checks.h"
#include "heed/backends/reference/families.h"

namespace heed {
namespace {

using cpu::copy_of;
using cpu::expect_close;
using cpu::expect_same_bits;
using cpu::for_each_target;
using cpu::random_rows;
using cpu::reference_context;
using cpu::wide;

struct Sizes {
  std::vector<std::int32_t> queries, keys;  // of each sequence
  int heads = 1;
  int key_heads = 1;
  int head_size = 16;
  int value_size = 16;
  bool causal = false;
  float dropout = 0;
};

std::vector<std::int32_t> offsets_of(const std::vector<std::int32_t>& lengths) {
  std::vector<std::int32_t> offsets{0};
  for (std::int32_t length : lengths) {
    offsets.push_back(offsets.back() + length);
  }
  return offsets;
}

// Operands with gaps between their rows, and the results of a call.
struct Problem {
  Sizes sizes;
  std::vector<std::int32_t> query_offsets, key_offsets;
  std::vector<std::uint64_t> row_keys;
  Tensor q, k, v, dout;
  Tensor out, log_sum_exp, weights, dq, dk, dv;

  explicit Problem(const Sizes& problem_sizes, std::uint64_t seed = 1)
      : sizes(problem_sizes),
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
    AttentionPlan plan;
    plan.query_offsets = query_offsets;
    plan.key_offsets = key_offsets;
    plan.heads = sizes.heads;
    plan.key_heads = sizes.key_heads;
    plan.scale = 1.0f / std::sqrt(static_cast<float>(sizes.head_size));
    plan.causal = sizes.causal;
    plan.dropout = {sizes.dropout, 0x123456789ABCDEFull, 77, row_keys.data()};
    return plan;
  }
  Problem in_double() const {
    Problem copy = *this;
    copy.q = wide(q);
    copy.k = wide(k);
    copy.v = wide(v);
    copy.dout = wide(dout);
    return copy;
  }
  // Results start as NaN: whatever is not written shows.
  Tensor result_like(const Tensor& x) const {
    Tensor result = copy_of(x, q.dtype());
    result.fill(std::numeric_limits<double>::quiet_NaN());
    return result;
  }
  void run_forward(ExecutionContext& context, bool traced = true) {
    out = result_like(dout);
    log_sum_exp = Tensor::zeros({query_offsets.back(), sizes.heads}, q.dtype());
    log_sum_exp.fill(std::numeric_limits<double>::quiet_NaN());
    weights = {};
    if (traced) {
      std::int64_t count = 0;
      for (std::size_t s = 0; s < sizes.queries.size(); ++s) {
        count += std::int64_t{sizes.heads} * sizes.queries[s] * sizes.keys[s];
      }
      weights = Tensor::empty({count}, q.dtype());
      weights.fill(std::numeric_limits<double>::quiet_NaN());
    }
    attention_forward(context, plan(),
                      {q, k, v, out, log_sum_exp, traced ? View(weights) : View()});
  }
  void run_backward(ExecutionContext& context) {
    dq = result_like(q);
    dk = result_like(k);
    dv = result_like(v);
    attention_backward(context, plan(), {q, k, v, out, log_sum_exp, dout, dq, dk, dv});
  }
};

const std::vector<Sizes>& all_sizes() {
  static const std::vector<Sizes> sizes = {
      {{1}, {1}, 1, 1, 1, 1, false, 0},
      {{5, 0, 3, 17}, {5, 0, 3, 17}, 4, 4, 32, 32, true, 0},
      {{5, 0, 3, 17}, {7, 2, 0, 31}, 4, 4, 32, 32, false, 0},
      {{31, 64, 16}, {31, 64, 16}, 8, 8, 64, 64, true, 0.1f},
      {{13, 2, 60}, {13, 2, 60}, 4, 4, 32, 32, false, 0.3f},
      {{65, 1, 7}, {65, 1, 7}, 4, 2, 7, 9, true, 0.25f},
      {{65, 130, 20}, {17, 1, 67}, 8, 1, 16, 32, false, 0.5f},
      {{9, 40}, {65, 129}, 12, 4, 80, 1, true, 0.2f},
      {{40, 150, 3}, {9, 70, 0}, 3, 1, 20, 33, true, 0},  // the first queries see nothing
      {{300}, {300}, 2, 2, 16, 16, true, 0.1f},
      {{70}, {1200}, 9, 3, 8, 24, false, 0.1f},
      {{1100, 3}, {1100, 530}, 2, 1, 5, 80, true, 0},
      {{4, 0}, {0, 0}, 2, 2, 8, 8, false, 0.1f},
      {{}, {}, 2, 2, 8, 8, false, 0},
  };
  return sizes;
}

class CpuAttention : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    reference::register_attention();
    cpu::register_attention();
  }
};

TEST_F(CpuAttention, ForwardMatchesReference) {
  for (const Sizes& sizes : all_sizes()) {
    SCOPED_TRACE(&sizes - all_sizes().data());
    Problem problem(sizes);
    Problem expected = problem.in_double();
    ExecutionContext reference = reference_context();
    expected.run_forward(reference);
    for_each_target([&](ExecutionContext& context) {
      problem.run_forward(context);
      expect_close(problem.out, expected.out, 2e-6);
      expect_close(problem.log_sum_exp, expected.log_sum_exp, 1e-6);
      expect_close(problem.weights, expected.weights, 2e-6, 0.1);
      // Without a trace nothing else changes.
      const std::vector<double> traced = problem.out.to_doubles();
      problem.run_forward(context, false);
      EXPECT_EQ(problem.out.to_doubles(), traced);
    });
  }
}

TEST_F(CpuAttention, BackwardMatchesReference) {
  for (const Sizes& sizes : all_sizes()) {
    SCOPED_TRACE(&sizes - all_sizes().data());
    Problem problem(sizes);
    Problem expected = problem.in_double();
    ExecutionContext reference = reference_context();
    expected.run_forward(reference);
    expected.run_backward(reference);
    for_each_target([&](ExecutionContext& context) {
      problem.run_forward(context, false);
      problem.run_backward(context);
      expect_close(problem.dq, expected.dq, 5e-6);
      // Sums over up to 1040 queries and heads.
      expect_close(problem.dk, expected.dk, 5e-6, 10);
      expect_close(problem.dv, expected.dv, 5e-6, 10);
    });
  }
}

TEST_F(CpuAttention, TracedWeightsAreExact) {
  for (const Sizes& sizes : all_sizes()) {
    Problem problem(sizes);
    ExecutionContext context = context_for(cpu_device);
    problem.run_forward(context);
    const float* weight = problem.weights.view().as<float>();
    for (std::size_t s = 0; s < sizes.queries.size(); ++s) {
      for (int h = 0; h < sizes.heads; ++h) {
        for (std::int64_t i = 0; i < sizes.queries[s]; ++i) {
          const std::int64_t seen = visible_keys(sizes.causal, i, sizes.queries[s], sizes.keys[s]);
          double sum = 0;
          for (std::int64_t j = 0; j < sizes.keys[s]; ++j, ++weight) {
            sum += *weight;
            ASSERT_TRUE(j < seen ? *weight > 0 : *weight == 0) << i << ", " << j;
          }
          ASSERT_NEAR(sum, seen > 0 ? 1 : 0, 2e-6);
        }
      }
    }
  }
}

// With values that are one-hot in the key, out shows which weights were kept.
TEST_F(CpuAttention, DropoutDrawsWhatTheStreamSays) {
  for (const int heads : {1, 4, 8, 11}) {
    Problem problem({{37}, {70}, heads, 1, 16, 70, false, 0.4f});
    for (std::int64_t j = 0; j < 70; ++j) {
      for (std::int64_t c = 0; c < 70; ++c) {
        problem.v.view().as<float>()[j * problem.v.view().row_stride() + c] = j == c;
      }
    }
    for_each_target([&](ExecutionContext& context) {
      problem.run_forward(context, false);
      const DropoutStream stream = problem.plan().dropout;
      for (std::int64_t i = 0; i < 37; ++i) {
        for (int h = 0; h < heads; ++h) {
          for (std::int64_t j = 0; j < 70; ++j) {
            const float weight =
                problem.out.view().as<float>()[i * problem.out.view().row_stride() + h * 70 + j];
            const bool keeps =
                stream.keeps(stream.row_key(i), attention_dropout_column(heads, h, j));
            ASSERT_EQ(weight != 0, keeps) << i << ", " << h << ", " << j;
          }
        }
      }
    });
  }
}

TEST_F(CpuAttention, SameBitsAtAnyNumberOfThreads) {
  for (const Sizes& sizes : all_sizes()) {
    expect_same_bits([&](ExecutionContext& context) {
      Problem problem(sizes);
      problem.run_forward(context);
      problem.run_backward(context);
      return std::vector<Tensor>{problem.out, problem.log_sum_exp, problem.weights,
                                 problem.dq,  problem.dk,          problem.dv};
    });
  }
}

TEST_F(CpuAttention, SequencesDoNotDependOnTheirBatch) {
  ExecutionContext context = context_for(cpu_device);
  for (const bool causal : {false, true}) {
    Problem batch({{5, 17, 0, 65, 3, 600}, {5, 40, 2, 65, 1, 600}, 4, 2, 24, 20, causal, 0.2f});
    batch.run_forward(context);
    batch.run_backward(context);
    for (std::size_t s = 0; s < batch.sizes.queries.size(); ++s) {
      Sizes sizes = batch.sizes;
      sizes.queries = {batch.sizes.queries[s]};
      sizes.keys = {batch.sizes.keys[s]};
      Problem alone(sizes);
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
}

TEST_F(CpuAttention, NanReachesWhatDependsOnIt) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for_each_target([&](ExecutionContext& context) {
    for (const int length : {3, 20, 100}) {
      Problem problem({{length, 4}, {length, 4}, 2, 2, 16, 16, false, 0.1f});
      problem.q.view().as<float>()[1 * problem.q.view().row_stride() + 2] = nan;
      problem.run_forward(context);
      for (std::int64_t i = 0; i < length + 4; ++i) {
        const float* row = problem.out.view().as<float>() + i * problem.out.view().row_stride();
        EXPECT_EQ(std::isnan(row[0]), i == 1);
        EXPECT_FALSE(std::isnan(row[16])) << "the other head";
        EXPECT_EQ(std::isnan(problem.log_sum_exp.values<float>()[2 * static_cast<std::size_t>(i)]),
                  i == 1);
      }
      problem.run_backward(context);
      for (std::int64_t j = 0; j < length + 4; ++j) {
        EXPECT_EQ(std::isnan(problem.dk.view().as<float>()[j * problem.dk.view().row_stride()]),
                  j < length);
      }
    }
  });
}

TEST_F(CpuAttention, LargeScoresStayFinite) {
  Problem problem({{30}, {90}, 1, 1, 8, 8, true, 0});
  for (std::int64_t i = 0; i < 30; ++i) {
    for (std::int64_t c = 0; c < 8; ++c) {
      problem.q.view().as<float>()[i * problem.q.view().row_stride() + c] *= 1000;
    }
  }
  Problem expected = problem.in_double();
  ExecutionContext reference = reference_context();
  expected.run_forward(reference);
  expected.run_backward(reference);
  for_each_target([&](ExecutionContext& context) {
    problem.run_forward(context);
    problem.run_backward(context);
    expect_close(problem.out, expected.out, 1e-3);
    expect_close(problem.log_sum_exp, expected.log_sum_exp, 1e-6);
    expect_close(problem.dk, expected.dk, 1e-3, 1000);
    expect_close(problem.dv, expected.dv, 1e-3);
  });
}

// Rows with entries in any order, shared and repeated, and a row without any.
struct CachedProblem {
  std::vector<std::int32_t> slots, begin, end;
  Tensor q, keys, values, out;
  int heads, key_heads;

  CachedProblem(const std::vector<std::int32_t>& lengths, int head_count, int key_head_count,
                int head_size, int value_size)
      : heads(head_count), key_heads(key_head_count) {
    const auto rows = static_cast<std::int64_t>(lengths.size());
    const std::int64_t entries = 400;
    Random random(5);
    for (std::int32_t length : lengths) {
      begin.push_back(static_cast<std::int32_t>(slots.size()));
      for (std::int32_t j = 0; j < length; ++j) {
        slots.push_back(static_cast<std::int32_t>(random.below(entries)));
      }
      end.push_back(static_cast<std::int32_t>(slots.size()));
    }
    q = random_rows(rows, heads * head_size, 1, 3);
    keys = random_rows(entries, key_heads * head_size, 2, 4);
    values = random_rows(entries, key_heads * value_size, 3, 1);
    out = random_rows(rows, heads * value_size, 4, 2);
  }
  void run(ExecutionContext& context) {
    const float scale = 1.0f / std::sqrt(static_cast<float>(q.size(1) / heads));
    out.fill(std::numeric_limits<double>::quiet_NaN());
    const std::vector<std::int32_t> positions(begin.size());
    cached_attention(context, {.plan = {.heads = heads, .key_heads = key_heads, .scale = scale},
                               .q = q,
                               .keys = keys,
                               .values = values,
                               .slots = slots,
                               .begin = begin,
                               .end = end,
                               .positions = positions,
                               .out = out});
  }
  CachedProblem in_double() const {
    CachedProblem copy = *this;
    copy.q = wide(q);
    copy.keys = wide(keys);
    copy.values = wide(values);
    copy.out = wide(out);
    return copy;
  }
};

TEST_F(CpuAttention, CachedMatchesReference) {
  for (const auto& [heads, key_heads, head_size, value_size] :
       {std::array{4, 4, 32, 32}, {8, 8, 64, 64}, {4, 2, 7, 9}, {8, 1, 80, 33}, {1, 1, 1, 1}}) {
    CachedProblem problem({15, 0, 1, 16, 17, 300, 33}, heads, key_heads, head_size, value_size);
    CachedProblem expected = problem.in_double();
    ExecutionContext reference = reference_context();
    expected.run(reference);
    for_each_target([&](ExecutionContext& context) {
      problem.run(context);
      expect_close(problem.out, expected.out, 2e-6);
    });
  }
  std::vector<std::int32_t> lengths(320, 15);
  expect_same_bits([&](ExecutionContext& context) {
    CachedProblem problem(lengths, 4, 4, 32, 32);
    problem.run(context);
    return std::vector<Tensor>{problem.out};
  });
}

TEST_F(CpuAttention, CachedStepIsTheLastRowOfTheWhole) {
  for_each_target([&](ExecutionContext& context) {
    Problem whole({{41, 7}, {41, 7}, 4, 2, 32, 16, true, 0});
    whole.run_forward(context, false);
    std::vector<std::int32_t> slots(48);
    std::iota(slots.begin(), slots.end(), 0);
    const std::vector<std::int32_t> begin{0, 41};
    const std::vector<std::int32_t> end{41, 48};
    const std::vector<float> last_rows = [&] {
      std::vector<float> rows;
      for (const std::int64_t row : {40, 47}) {
        const float* from = whole.q.view().as<float>() + row * whole.q.view().row_stride();
        rows.insert(rows.end(), from, from + 128);
      }
      return rows;
    }();
    const Tensor q = Tensor::from_values(std::span<const float>(last_rows), {2, 128});
    const Tensor out = Tensor::empty({2, 64});
    const std::vector<std::int32_t> positions{40, 6};
    cached_attention(context, {.plan = {.heads = 4, .key_heads = 2, .scale = whole.plan().scale},
                               .q = q,
                               .keys = whole.k,
                               .values = whole.v,
                               .slots = slots,
                               .begin = begin,
                               .end = end,
                               .positions = positions,
                               .out = out});
    expect_close(out.rows(0, 1), whole.out.rows(40, 41), 1e-6);
    expect_close(out.rows(1, 2), whole.out.rows(47, 48), 1e-6);
  });
}

TEST_F(CpuAttention, CachedKeepsNan) {
  for_each_target([&](ExecutionContext& context) {
    CachedProblem problem({20, 20}, 1, 1, 16, 16);
    problem.q.view().as<float>()[3] = std::numeric_limits<float>::quiet_NaN();
    problem.run(context);
    EXPECT_TRUE(std::isnan(problem.out.view().as<float>()[0]));
    EXPECT_FALSE(std::isnan(problem.out.view().as<float>()[problem.out.view().row_stride()]));
  });
}

TEST_F(CpuAttention, DisagreeingShapesAreErrors) {
  ExecutionContext context = context_for(cpu_device);
  Problem problem({{3}, {4}, 2, 2, 8, 8, false, 0});
  problem.query_offsets = {0, 4};
  EXPECT_THROW(problem.run_forward(context), Error);
  problem.query_offsets = {0, 3};
  problem.key_offsets = {0, 2, 4};
  EXPECT_THROW(problem.run_forward(context), Error);
  problem.key_offsets = {0, 4};
  problem.sizes.key_heads = 3;
  EXPECT_THROW(problem.run_forward(context), Error);
  CachedProblem cached({2}, 1, 1, 4, 4);
  cached.slots[1] = 400;
  EXPECT_THROW(cached.run(context), Error);
  cached.slots[1] = 0;
  cached.end[0] = 3;
  EXPECT_THROW(cached.run(context), Error);
}

}  // namespace
}  // namespace heed
