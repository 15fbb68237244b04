#include "heed/backends/cpu/attention/test_problem.h"

namespace heed {
namespace {

using Sizes = cpu::AttentionShape;
using Problem = cpu::AttentionProblem;
using cpu::expect_same_bits;
using cpu::for_each_target;
using cpu::reference_context;

class CpuAttention : public cpu::CpuAttentionTest {};

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
          double sum = 0;
          bool any_seen = false;
          for (std::int64_t j = 0; j < sizes.keys[s]; ++j, ++weight) {
            const bool seen = problem.plan().sees(s, i, j);
            any_seen = any_seen || seen;
            sum += *weight;
            ASSERT_TRUE(seen ? *weight > 0 : *weight == 0) << i << ", " << j;
          }
          ASSERT_NEAR(sum, any_seen ? 1 : 0, 2e-6);
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
  for (const bool causal : {false, true}) {
    expect_independent_of_batch(
        Problem({{5, 17, 0, 65, 3, 600}, {5, 40, 2, 65, 1, 600}, 4, 2, 24, 20, causal, 0.2f}));
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
}

}  // namespace
}  // namespace heed
