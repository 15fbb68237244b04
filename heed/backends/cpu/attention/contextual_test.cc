// Contextual positions in tiles against the reference backend in float64.
#include "heed/backends/cpu/attention/test_problem.h"

namespace heed {
namespace {

using Sizes = cpu::AttentionShape;

using Problem = cpu::AttentionProblem;
using cpu::expect_matches_reference;
using cpu::expect_same_bits;
using cpu::for_each_target;

class CpuContextualAttention : public cpu::CpuAttentionTest {};

// With scores large enough that gates are anything from closed to open.
Problem contextual_problem(const Sizes& shape, std::int64_t positions) {
  Problem problem(shape);
  problem.scale *= 2.5f;
  problem.add_smooth_contextual(positions);
  return problem;
}

const std::vector<Sizes>& shapes() {
  static const std::vector<Sizes> list = {
      {{1}, {1}, 1, 1, 1, 1, false, 0},
      {{5, 0, 3, 17}, {7, 2, 0, 31}, 3, 1, 7, 9, false, 0},
      {{5, 0, 3, 17}, {5, 0, 3, 17}, 4, 4, 32, 32, true, 0},
      {{65, 1, 7}, {65, 1, 7}, 4, 2, 7, 9, true, 0.25f},
      {{70, 64, 30}, {70, 64, 30}, 4, 2, 16, 20, true, 0.1f},
      {{100}, {90}, 2, 2, 33, 16, false, 0.2f},
      {{67}, {197}, 9, 3, 8, 24, false, 0.1f},
      {{40, 3}, {300, 3}, 2, 1, 8, 5, true, 0},
      {{40, 150, 3}, {9, 70, 0}, 3, 1, 20, 33, true, 0},  // the first queries see nothing
      {{4, 0}, {0, 0}, 2, 2, 8, 8, false, 0.1f},
      {{}, {}, 2, 2, 8, 8, false, 0},
  };
  return list;
}

TEST_F(CpuContextualAttention, MatchesReference) {
  for (const Sizes& shape : shapes()) {
    for (const std::int64_t positions : {1, 2, 5, 64, 400}) {
      SCOPED_TRACE(&shape - shapes().data());
      SCOPED_TRACE(positions);
      expect_matches_reference(contextual_problem(shape, positions), 1e-5);
    }
  }
}

TEST_F(CpuContextualAttention, UnlikeVectorsMatchReference) {
  for (const Sizes& shape : {Sizes{{5, 0, 3, 17}, {7, 2, 0, 31}, 3, 1, 7, 9, false, 0},
                             {{65, 1, 7}, {65, 1, 7}, 2, 1, 16, 9, true, 0.25f},
                             {{35}, {140}, 1, 1, 33, 16, false, 0}}) {
    for (const std::int64_t positions : {2, 5, 40}) {
      SCOPED_TRACE(positions);
      Problem problem = contextual_problem(shape, positions);
      problem.add_contextual(positions);
      expect_matches_reference(problem, 1e-5);
    }
  }
}

TEST_F(CpuContextualAttention, LongSequencesMatchReference) {
  for (const std::int64_t positions : {64, 2000}) {
    Problem problem =
        contextual_problem({{1100, 3}, {1100, 530}, 2, 1, 5, 20, true, 0.1f}, positions);
    problem.add_distance_bias(40);
    expect_matches_reference(problem, 2e-5);
  }
}

TEST_F(CpuContextualAttention, MasksAndTermsMatchReference) {
  using Change = std::function<void(Problem&)>;
  const std::vector<Change> changes = {
      [](Problem& x) { x.options.reach_back = 3; },
      [](Problem& x) { x.options.reach_back = 40, x.options.reach_ahead = 30; },
      [](Problem& x) { x.options.dilation = 3; },
      [](Problem& x) { x.options.block = 40, x.options.block_shift = 13; },
      [](Problem& x) {
        x.prefix = {90, 20, 1};
      },
      [](Problem& x) { x.add_segments(9); },
      [](Problem& x) {
        x.query_starts = {7, 0, -3};
      },
      [](Problem& x) { x.options.soft_cap = 1.5f; },
      [](Problem& x) { x.add_sinks(); },
      [](Problem& x) { x.add_distance_bias(20); },
      [](Problem& x) { x.add_vectors(3, 20, false); },
      [](Problem& x) { x.add_table_bias(); },
      // Not in tiles.
      [](Problem& x) { x.options.scorer = AttentionScorer::gaussian; },
      [](Problem& x) { x.scale = 0; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    for (const bool causal : {false, true}) {
      Problem problem =
          contextual_problem({{70, 70, 70}, {110, 110, 110}, 2, 1, 12, 10, causal, 0.1f}, 20);
      changes[i](problem);
      expect_matches_reference(problem, 1e-5);
    }
  }
}

// Gates that are all 1 or all 0, so that positions are whole numbers.
TEST_F(CpuContextualAttention, OpenAndClosedGates) {
  for (const float size : {20.0f, -20.0f}) {
    Problem problem({{70}, {150}, 2, 2, 8, 8, true, 0});
    problem.add_contextual(100);
    problem.q.columns(0, 1).fill(10);
    problem.q.columns(8, 9).fill(10);
    problem.k.columns(0, 1).fill(size);
    problem.k.columns(8, 9).fill(size);
    problem.terms.contextual.columns(0, 1).fill(0);
    expect_matches_reference(problem, 5e-5);
  }
}

TEST_F(CpuContextualAttention, UnwantedGradientIsLeftOut) {
  ExecutionContext context = context_for(cpu_device);
  Problem problem = contextual_problem({{40, 90}, {40, 90}, 2, 2, 16, 16, true, 0}, 9);
  problem.run_forward(context);
  problem.run_backward(context);
  const std::vector<double> dq = problem.dq.to_doubles();
  problem.dq = problem.result_like(problem.q);
  attention_backward(context, problem.plan(),
                     {.q = problem.q,
                      .k = problem.k,
                      .v = problem.v,
                      .terms = cpu::term_views<ConstView>(problem.terms),
                      .out = problem.out,
                      .log_sum_exp = problem.log_sum_exp,
                      .dout = problem.dout,
                      .dq = problem.dq,
                      .dk = problem.dk,
                      .dv = problem.dv,
                      .dterms = {}});
  EXPECT_EQ(problem.dq.to_doubles(), dq);
}

TEST_F(CpuContextualAttention, TraceChangesNothing) {
  for (const Sizes& shape : shapes()) {
    Problem problem = contextual_problem(shape, 12);
    for_each_target([&](ExecutionContext& context) {
      problem.run_forward(context);
      const std::vector<double> traced = problem.out.to_doubles();
      problem.run_forward(context, false);
      EXPECT_EQ(problem.out.to_doubles(), traced);
    });
  }
}

TEST_F(CpuContextualAttention, SameBitsAtAnyNumberOfThreads) {
  for (const float dropout : {0.0f, 0.2f}) {
    expect_same_bits([&](ExecutionContext& context) {
      Problem problem =
          contextual_problem({{1100, 3, 60}, {1100, 530, 60}, 4, 2, 8, 12, true, dropout}, 64);
      problem.run_forward(context);
      problem.run_backward(context);
      return problem.result_tensors();
    });
  }
}

TEST_F(CpuContextualAttention, SequencesDoNotDependOnTheirBatch) {
  for (const bool causal : {false, true}) {
    expect_independent_of_batch(contextual_problem(
        {{5, 17, 0, 65, 3, 600}, {5, 40, 2, 65, 1, 600}, 4, 2, 24, 20, causal, 0.2f}, 30));
  }
}

bool is_nan(const Tensor& x, std::int64_t row, std::int64_t column) {
  return std::isnan(x.view().as<float>()[row * x.view().row_stride() + column]);
}

// A key that is not a number is in the gates of those who see it, and of nobody else.
TEST_F(CpuContextualAttention, NanOfAKeyReachesWhoSeesIt) {
  constexpr int length = 100, bad = 70;
  for_each_target([&](ExecutionContext& context) {
    Problem problem = contextual_problem({{length, 4}, {length, 4}, 2, 2, 16, 16, true, 0}, 9);
    problem.k.rows(bad, bad + 1).columns(2, 3).fill(std::numeric_limits<double>::quiet_NaN());
    problem.run_forward(context);
    problem.run_backward(context);
    for (std::int64_t i = 0; i < length + 4; ++i) {
      const bool sees_it = i >= bad && i < length;
      EXPECT_EQ(is_nan(problem.out, i, 0), sees_it) << i;
      EXPECT_EQ(is_nan(problem.dq, i, 0), sees_it) << i;
      EXPECT_EQ(is_nan(problem.dk, i, 0), i < length) << i;
      EXPECT_EQ(is_nan(problem.dv, i, 0), i < length) << i;
      for (const Tensor& x : {problem.out, problem.dq, problem.dk, problem.dv}) {
        EXPECT_FALSE(is_nan(x, i, 16)) << "the other head";
      }
    }
  });
}

TEST_F(CpuContextualAttention, NanOfAQueryReachesTheKeysThatItSees) {
  constexpr int length = 100, bad = 20;
  for_each_target([&](ExecutionContext& context) {
    Problem problem = contextual_problem({{length, 4}, {length, 4}, 2, 2, 16, 16, true, 0}, 9);
    problem.q.rows(bad, bad + 1).columns(2, 3).fill(std::numeric_limits<double>::quiet_NaN());
    problem.run_forward(context);
    problem.run_backward(context);
    for (std::int64_t j = 0; j < length + 4; ++j) {
      EXPECT_EQ(is_nan(problem.out, j, 0), j == bad) << j;
      EXPECT_EQ(is_nan(problem.dq, j, 0), j == bad) << j;
      EXPECT_EQ(is_nan(problem.dk, j, 0), j <= bad) << j;
      EXPECT_EQ(is_nan(problem.dv, j, 0), j <= bad) << j;
    }
  });
}

}  // namespace
}  // namespace heed
