#include "heed/backends/cpu/attention/test_problem.h"
#include "heed/kernels/test_attention.h"

namespace heed {
namespace {

using Problem = cpu::AttentionProblem;
using Shape = cpu::AttentionShape;
using cpu::expect_matches_reference;
using cpu::expect_same_bits;

class CpuAttentionTerms : public cpu::CpuAttentionTest {};

const std::vector<Shape>& term_shapes() {
  static const std::vector<Shape> shapes = {
      {{5, 0, 3, 17}, {7, 2, 0, 31}, 3, 1, 7, 9, false, 0},
      {{70, 64, 30}, {70, 64, 30}, 4, 2, 16, 20, true, 0.1f},
      {{100}, {90}, 2, 2, 33, 16, false, 0.2f},
      {{40, 3}, {600, 3}, 2, 1, 8, 5, true, 0},
  };
  return shapes;
}

TEST_F(CpuAttentionTerms, DistanceBiasMatchesReference) {
  for (const Shape& shape : term_shapes()) {
    for (const std::int64_t reach : {0, 1, 20, 700}) {
      SCOPED_TRACE(reach);
      Problem problem(shape);
      problem.add_distance_bias(reach);
      expect_matches_reference(problem);
    }
  }
}

TEST_F(CpuAttentionTerms, TableBiasMatchesReference) {
  for (const auto& [queries, keys, count] :
       {std::array{49, 49, 3}, {64, 64, 1}, {7, 65, 3}, {130, 17, 1}, {20, 600, 2}}) {
    const auto sequences = static_cast<std::size_t>(count);
    Problem problem(
        {std::vector(sequences, queries), std::vector(sequences, keys), 3, 1, 8, 12, false, 0.1f});
    problem.add_table_bias();
    expect_matches_reference(problem);
    problem.options.block = 40;  // mixed tiles
    expect_matches_reference(problem);
  }
}

TEST_F(CpuAttentionTerms, DistanceVectorsMatchReference) {
  for (const Shape& shape : term_shapes()) {
    for (const bool per_head : {false, true}) {
      for (const auto& [key_reach, value_reach] :
           {std::pair{0, 1}, {16, -1}, {-1, 16}, {3, 80}, {700, 700}}) {
        SCOPED_TRACE(key_reach);
        Problem problem(shape);
        problem.add_vectors(key_reach, value_reach, per_head);
        expect_matches_reference(problem);
      }
    }
  }
}

TEST_F(CpuAttentionTerms, SinksMatchReference) {
  for (const Shape& shape : term_shapes()) {
    Problem problem(shape);
    problem.add_sinks();
    expect_matches_reference(problem);
    // A window behind the last key: many queries see nothing in the first chunk, some nothing.
    problem.options.reach_back = 3;
    expect_matches_reference(problem);
  }
}

TEST_F(CpuAttentionTerms, SoftCapMatchesReference) {
  for (const Shape& shape : term_shapes()) {
    for (const float cap : {0.5f, 50.0f}) {
      Problem problem(shape);
      problem.options.soft_cap = cap;
      expect_matches_reference(problem);
      problem.add_distance_bias(4);
      expect_matches_reference(problem);
    }
  }
}

TEST_F(CpuAttentionTerms, GaussianMatchesReference) {
  for (const Shape& shape : term_shapes()) {
    Problem problem(shape);
    problem.options.scorer = AttentionScorer::gaussian;
    expect_matches_reference(problem, 1e-5);
    problem.add_sinks();
    problem.options.soft_cap = 4;
    expect_matches_reference(problem, 1e-5);
  }
}

TEST_F(CpuAttentionTerms, ScaleOfZeroLeavesTheBiases) {
  Problem problem({{33}, {90}, 2, 2, 8, 8, true, 0});
  problem.add_distance_bias(12);
  problem.scale = 0;
  expect_matches_reference(problem);
}

// Everything at once by chance, at sizes that take several tiles.
Problem random_problem(std::uint64_t number) {
  Random random(number, 23);
  const auto one_in = [&](std::uint64_t bound) { return random.below(bound) == 0; };
  const auto up_to = [&](std::uint64_t bound) {
    return static_cast<std::int32_t>(random.below(bound + 1));
  };
  const bool table = one_in(3);
  std::vector<std::int32_t> queries, keys;
  const std::int32_t table_keys = 1 + up_to(one_in(8) ? 600 : 90);
  const std::int32_t table_queries = 1 + up_to(70);
  for (int s = 0; s < 3; ++s) {
    queries.push_back(table ? table_queries : up_to(90));
    keys.push_back(table ? table_keys : up_to(one_in(12) ? 600 : 90));
  }
  const int key_heads = 1 + up_to(2);
  const int heads = key_heads * (1 + up_to(2));
  Problem problem({queries, keys, heads, key_heads, 1 + up_to(36), 1 + up_to(36), one_in(2),
                   one_in(3) ? 0.2f : 0},
                  number);
  AttentionPlan& plan = problem.options;
  plan.reach_back = one_in(3) ? up_to(90) : -1;
  plan.reach_ahead = one_in(4) ? up_to(90) : -1;
  plan.dilation = one_in(4) ? 1 + up_to(5) : 1;
  plan.block = one_in(4) ? 1 + up_to(80) : 0;
  plan.block_shift = plan.block > 0 ? up_to(static_cast<std::uint64_t>(plan.block)) : 0;
  plan.scorer = one_in(5) ? AttentionScorer::gaussian : AttentionScorer::dot;
  plan.soft_cap = one_in(3) ? 2.5f : 0;
  for (int s = 0; s < 3; ++s) {
    problem.query_starts.push_back(up_to(150) - 30);
    problem.prefix.push_back(up_to(100));
  }
  if (one_in(2)) {
    problem.query_starts.clear();
  }
  if (one_in(2)) {
    problem.prefix.clear();
  }
  if (one_in(3)) {
    problem.add_segments(1 + up_to(40));
  }
  if (one_in(2)) {
    problem.add_distance_bias(up_to(150));
  }
  if (table) {
    problem.add_table_bias();
  }
  if (one_in(2)) {
    problem.add_vectors(up_to(50) - 5, up_to(50) - 5, one_in(2));
  }
  if (one_in(3)) {
    problem.add_sinks();
  }
  if (one_in(3)) {
    problem.add_smooth_contextual(1 + up_to(100));
  }
  return problem;
}

TEST_F(CpuAttentionTerms, RandomCombinationsMatchReference) {
  for (std::uint64_t number = 0; number < 40; ++number) {
    SCOPED_TRACE(number);
    expect_matches_reference(random_problem(number), 1e-5);
  }
}

TEST_F(CpuAttentionTerms, SmallRandomCombinationsMatchReference) {
  for (std::uint64_t number = 0; number < 300; ++number) {
    SCOPED_TRACE(number);
    const AttentionCase item = random_attention_case(number, false, DType::float32, cpu_device);
    if (!carried_by_online_softmax(item.plan(), cpu::term_views<ConstView>(item.terms))) {
      continue;
    }
    Problem problem({{},
                     {},
                     item.options.heads,
                     item.options.key_heads,
                     static_cast<int>(AttentionCase::head_size),
                     static_cast<int>(AttentionCase::value_size),
                     item.options.causal,
                     item.options.dropout.rate});
    problem.query_offsets = item.query_offsets;
    problem.key_offsets = item.key_offsets;
    for (std::size_t s = 0; s + 1 < item.query_offsets.size(); ++s) {
      problem.sizes.queries.push_back(item.query_offsets[s + 1] - item.query_offsets[s]);
      problem.sizes.keys.push_back(item.key_offsets[s + 1] - item.key_offsets[s]);
    }
    problem.row_keys.resize(static_cast<std::size_t>(item.q.size(0)), number);
    problem.options = item.options;
    problem.query_starts = item.query_starts;
    problem.prefix = item.prefix;
    problem.query_segments = item.query_segments;
    problem.key_segments = item.key_segments;
    problem.q = item.q;
    problem.k = item.k;
    problem.v = item.v;
    problem.dout = cpu::random_rows(item.q.size(0), item.options.heads * 2, number);
    problem.terms = item.terms;
    expect_matches_reference(problem, 1e-5);
  }
}

TEST_F(CpuAttentionTerms, SameBitsAtAnyNumberOfThreads) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    SCOPED_TRACE(number);
    expect_same_bits([&](ExecutionContext& context) {
      Problem problem = random_problem(number);
      problem.run_forward(context);
      problem.run_backward(context);
      return problem.result_tensors();
    });
  }
}

// Gradients of terms that nobody wants change nothing.
TEST_F(CpuAttentionTerms, UnwantedGradientsAreLeftOut) {
  ExecutionContext context = context_for(cpu_device);
  Problem problem({{40, 90}, {40, 90}, 2, 2, 16, 16, true, 0});
  problem.add_distance_bias(8);
  problem.add_vectors(4, 4, true);
  problem.add_sinks();
  problem.run_forward(context);
  problem.run_backward(context);
  const Tensor dq = problem.dq;
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
  expect_close(problem.dq, dq, 1e-6);
}

}  // namespace
}  // namespace heed
