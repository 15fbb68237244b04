#include <numeric>

#include "heed/backends/cpu/attention/test_problem.h"

namespace heed {
namespace {

using Problem = cpu::AttentionProblem;
using cpu::expect_same_bits;
using cpu::for_each_target;
using cpu::random_rows;
using cpu::reference_context;
using cpu::wide;

class CpuCachedAttention : public cpu::CpuAttentionTest {};

// Rows with entries in any order, shared and repeated, and a row without any.
struct CachedProblem {
  std::vector<std::int32_t> slots, begin, end;
  std::vector<std::int32_t> positions;
  Tensor q, keys, values, out;
  int heads, key_heads;
  AttentionPlan plan;
  AttentionTerms<Tensor> terms;

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
      positions.push_back(std::max(0, length - 1));
    }
    q = random_rows(rows, heads * head_size, 1, 3);
    keys = random_rows(entries, key_heads * head_size, 2, 4);
    values = random_rows(entries, key_heads * value_size, 3, 1);
    out = random_rows(rows, heads * value_size, 4, 2);
  }
  void run(ExecutionContext& context) {
    out.fill(std::numeric_limits<double>::quiet_NaN());
    plan.heads = heads;
    plan.key_heads = key_heads;
    plan.scale = 1.0f / std::sqrt(static_cast<float>(q.size(1) / heads));
    cached_attention(context, {.plan = plan,
                               .q = q,
                               .keys = keys,
                               .values = values,
                               .terms = cpu::term_views<ConstView>(terms),
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
    visit_terms(
        [](const char*, Tensor& term) { term = term.defined() ? cpu::exact(term) : Tensor(); },
        copy.terms);
    return copy;
  }
};

void expect_matches_reference(CachedProblem problem) {
  CachedProblem expected = problem.in_double();
  ExecutionContext reference = reference_context();
  expected.run(reference);
  for_each_target([&](ExecutionContext& context) {
    problem.run(context);
    expect_close_to_largest(problem.out, expected.out, 2e-6);
  });
}

TEST_F(CpuCachedAttention, MatchesReference) {
  for (const auto& [heads, key_heads, head_size, value_size] :
       {std::array{4, 4, 32, 32}, {8, 8, 64, 64}, {4, 2, 7, 9}, {8, 1, 80, 33}, {1, 1, 1, 1}}) {
    expect_matches_reference(
        CachedProblem({15, 0, 1, 16, 17, 300, 33}, heads, key_heads, head_size, value_size));
  }
  std::vector<std::int32_t> lengths(320, 15);
  expect_same_bits([&](ExecutionContext& context) {
    CachedProblem problem(lengths, 4, 4, 32, 32);
    problem.run(context);
    return std::vector<Tensor>{problem.out};
  });
}

// Each of these alone, then some together, at positions before and after the last entry too.
TEST_F(CpuCachedAttention, MasksAndTermsMatchReference) {
  using Change = std::function<void(CachedProblem&)>;
  const std::vector<Change> changes = {
      [](CachedProblem& x) { x.plan.causal = true; },
      [](CachedProblem& x) { x.plan.reach_back = 20; },
      [](CachedProblem& x) { x.plan.reach_ahead = 2; },
      [](CachedProblem& x) { x.plan.dilation = 3; },
      [](CachedProblem& x) {
        x.plan.block = 16;
        x.plan.block_shift = 5;
      },
      [](CachedProblem& x) { x.plan.soft_cap = 1.5f; },
      [](CachedProblem& x) { x.plan.scorer = AttentionScorer::gaussian; },
      [](CachedProblem& x) { x.terms.distance_bias = random_rows(x.heads, 31, 5, 2); },
      [](CachedProblem& x) { x.terms.distance_bias = random_rows(x.heads, 1, 5, 2); },
      [](CachedProblem& x) { x.terms.distance_bias = random_rows(x.heads, 801, 5, 2); },
      [](CachedProblem& x) {
        x.terms.table_bias = random_rows(x.heads * 320, 300, 6).reshape({x.heads, 320, 300});
      },
      [](CachedProblem& x) { x.terms.key_vectors = random_rows(15, x.q.size(1) / x.heads, 7, 3); },
      [](CachedProblem& x) {
        x.terms.value_vectors = random_rows(5, x.out.size(1) / x.heads, 8, 1);
      },
      [](CachedProblem& x) {
        const std::int64_t size = x.q.size(1) / x.heads;
        x.terms.key_vectors = random_rows(x.heads * 801, size, 9).reshape({x.heads, 801, size});
      },
      [](CachedProblem& x) {
        const std::int64_t size = x.out.size(1) / x.heads;
        x.terms.value_vectors = random_rows(x.heads * 801, size, 9).reshape({x.heads, 801, size});
      },
      [](CachedProblem& x) { x.terms.sinks = random_rows(1, x.heads, 10); },
  };
  const std::vector<std::int32_t> lengths{15, 0, 1, 16, 17, 300, 33};
  const auto problem = [&] { return CachedProblem(lengths, 4, 2, 20, 9); };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    CachedProblem alone = problem();
    changes[i](alone);
    expect_matches_reference(alone);
    for (std::size_t r = 0; r < alone.positions.size(); ++r) {
      alone.positions[r] = std::max(0, alone.positions[r] + static_cast<std::int32_t>(r * 4) - 9);
    }
    expect_matches_reference(alone);
  }
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    CachedProblem some = problem();
    for (const Change& change : changes) {
      if (random.below(3) == 0) {
        change(some);
      }
    }
    expect_matches_reference(some);
  }
}

void expect_step_is_the_last_row(std::int64_t positions, double tolerance) {
  for_each_target([&](ExecutionContext& context) {
    Problem whole({{41, 7}, {41, 7}, 4, 2, 32, 16, true, 0});
    if (positions > 0) {
      whole.add_contextual(positions);
    }
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
    const std::vector<std::int32_t> places{40, 6};
    cached_attention(context, {.plan = {.heads = 4, .key_heads = 2, .scale = whole.plan().scale},
                               .q = q,
                               .keys = whole.k,
                               .values = whole.v,
                               .terms = cpu::term_views<ConstView>(whole.terms),
                               .slots = slots,
                               .begin = begin,
                               .end = end,
                               .positions = places,
                               .out = out});
    expect_close(out.rows(0, 1), whole.out.rows(40, 41), tolerance);
    expect_close(out.rows(1, 2), whole.out.rows(47, 48), tolerance);
  });
}

TEST_F(CpuCachedAttention, StepIsTheLastRowOfTheWhole) {
  expect_step_is_the_last_row(0, 1e-6);
  for (const std::int64_t positions : {2, 9, 64}) {
    expect_step_is_the_last_row(positions, 1e-5);
  }
}

TEST_F(CpuCachedAttention, KeepsNan) {
  for_each_target([&](ExecutionContext& context) {
    CachedProblem problem({20, 20}, 1, 1, 16, 16);
    problem.q.view().as<float>()[3] = std::numeric_limits<float>::quiet_NaN();
    problem.run(context);
    EXPECT_TRUE(std::isnan(problem.out.view().as<float>()[0]));
    EXPECT_FALSE(std::isnan(problem.out.view().as<float>()[problem.out.view().row_stride()]));
  });
}

TEST_F(CpuCachedAttention, DisagreeingShapesAreErrors) {
  ExecutionContext context = context_for(cpu_device);
  CachedProblem cached({2}, 1, 1, 4, 4);
  cached.slots[1] = 400;
  EXPECT_THROW(cached.run(context), Error);
  cached.slots[1] = 0;
  cached.end[0] = 3;
  EXPECT_THROW(cached.run(context), Error);
}

}  // namespace
}  // namespace heed
