#include "heed/backends/cpu/attention/mask.h"

#include "heed/backends/cpu/attention/test_problem.h"

namespace heed {
namespace {

using Problem = cpu::AttentionProblem;
using cpu::expect_same_bits;
using cpu::for_each_target;

class CpuAttentionMask : public cpu::CpuAttentionTest {};

struct Mask {
  const char* name;
  bool causal = false;
  std::int32_t reach_back = -1, reach_ahead = -1, dilation = 1, block = 0, block_shift = 0;
  std::vector<std::int32_t> starts{}, prefix{};  // of three sequences
  std::int32_t segment = 0;                      // length
};

const std::vector<Mask>& all_masks() {
  static const std::vector<Mask> masks = {
      {.name = "look back", .reach_back = 20},
      {.name = "causal window", .causal = true, .reach_back = 37},
      {.name = "both sides", .reach_back = 9, .reach_ahead = 70},
      {.name = "itself", .reach_back = 0, .reach_ahead = 0},
      {.name = "dilated", .dilation = 3},
      {.name = "dilated causal window", .causal = true, .reach_back = 90, .dilation = 70},
      {.name = "blocks", .block = 24},
      {.name = "shifted blocks", .block = 24, .block_shift = 12},
      {.name = "causal blocks", .causal = true, .block = 100, .block_shift = 1},
      {.name = "prefix", .causal = true, .prefix = {30, 0, 200}},
      {.name = "prefix and window", .causal = true, .reach_back = 50, .prefix = {80, 3, 0}},
      {.name = "starts", .causal = true, .starts = {0, 40, 7}},
      {.name = "starts far back", .reach_ahead = 5, .starts = {-100, 3, -20}},
      {.name = "starts far ahead", .reach_back = 30, .starts = {300, 0, 110}},
      {.name = "causal before the keys", .causal = true, .starts = {-60, -9, 5}},
      {.name = "blocks before the keys", .block = 16, .block_shift = 3, .starts = {-40, -3, -90}},
      {.name = "segments", .segment = 9},
      {.name = "causal segments", .causal = true, .segment = 100},
      {.name = "alternating segments", .segment = 1},
      {.name = "everything",
       .causal = true,
       .reach_back = 60,
       .reach_ahead = 10,
       .dilation = 2,
       .block = 50,
       .block_shift = 25,
       .starts = {1, 0, 20},
       .prefix = {70, 2, 33},
       .segment = 31},
  };
  return masks;
}

void apply(const Mask& mask, Problem& problem) {
  problem.sizes.causal = mask.causal;
  problem.options.reach_back = mask.reach_back;
  problem.options.reach_ahead = mask.reach_ahead;
  problem.options.dilation = mask.dilation;
  problem.options.block = mask.block;
  problem.options.block_shift = mask.block_shift;
  problem.query_starts = mask.starts;
  problem.prefix = mask.prefix;
  if (mask.segment > 0) {
    problem.add_segments(mask.segment);
  }
}

TEST_F(CpuAttentionMask, BitsAreThoseOfTheDefinition) {
  for (const Mask& mask : all_masks()) {
    SCOPED_TRACE(mask.name);
    Problem problem({{150, 10, 33}, {150, 14, 200}, 1, 1, 1, 1});
    apply(mask, problem);
    const AttentionPlan plan = problem.plan();
    for (std::size_t s = 0; s < 3; ++s) {
      for (const std::int64_t size : {1, 7, 50, 64}) {
        for (std::int64_t query = 0; query < plan.queries(s); query += size) {
          const cpu::Span queries{query, std::min(query + size, plan.queries(s))};
          const cpu::Span seen = cpu::seen_keys(plan, s, queries);
          for (std::int64_t key = 0; key < plan.keys(s); key += size) {
            const cpu::Span keys{key, std::min(key + size, plan.keys(s))};
            std::uint64_t bits[64] = {};
            const cpu::TileSight sight = cpu::look_at_tile(plan, s, queries, keys, bits);
            bool any = false;
            bool all = true;
            for (std::int64_t i = queries.begin; i < queries.end; ++i) {
              for (std::int64_t j = keys.begin; j < keys.end; ++j) {
                const bool sees = plan.sees(s, i, j);
                any = any || sees;
                all = all && sees;
                ASSERT_TRUE(!sees || (seen.begin <= j && j < seen.end)) << i << ", " << j;
                ASSERT_TRUE(sight != cpu::TileSight::mixed ||
                            sees == (bits[j - key] >> (i - query) & 1))
                    << i << ", " << j;
              }
            }
            ASSERT_EQ(sight, all   ? cpu::TileSight::all
                             : any ? cpu::TileSight::mixed
                                   : cpu::TileSight::none);
          }
        }
      }
    }
  }
}

TEST_F(CpuAttentionMask, MatchesReference) {
  for (const Mask& mask : all_masks()) {
    SCOPED_TRACE(mask.name);
    const float dropout = (&mask - all_masks().data()) % 2 == 0 ? 0.0f : 0.2f;
    Problem problem({{150, 10, 33}, {150, 14, 100}, 2, 1, 9, 20, false, dropout});
    apply(mask, problem);
    cpu::expect_matches_reference(problem);
  }
}

TEST_F(CpuAttentionMask, ChunksOfKeysMatchReference) {
  for (const Mask& mask : all_masks()) {
    SCOPED_TRACE(mask.name);
    Problem problem({{3, 40, 3}, {5, 600, 7}, 2, 1, 8, 16});
    apply(mask, problem);
    cpu::expect_matches_reference(problem);
  }
}

TEST_F(CpuAttentionMask, SameBitsAtAnyNumberOfThreads) {
  for (const Mask& mask : all_masks()) {
    SCOPED_TRACE(mask.name);
    expect_same_bits([&](ExecutionContext& context) {
      Problem problem({{150, 10, 333}, {150, 14, 600}, 4, 2, 9, 20, false, 0.2f});
      apply(mask, problem);
      problem.run_forward(context);
      problem.run_backward(context);
      return problem.result_tensors();
    });
  }
}

// What is not a number shows in exactly the results that depend on it.
TEST_F(CpuAttentionMask, NothingLeaksIntoWhatDoesNotSeeIt) {
  const std::vector<Mask> masks = {{.name = "causal", .causal = true},
                                   {.name = "window", .reach_back = 10, .reach_ahead = 3},
                                   {.name = "blocks", .block = 8}};
  for (const Mask& mask : masks) {
    SCOPED_TRACE(mask.name);
    for (const int length : {13, 64, 90}) {
      for (const float bad :
           {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        for_each_target([&](ExecutionContext& context) {
          Problem problem({{length}, {length}, 2, 2, 16, 9});
          apply(mask, problem);
          const std::int64_t j = length - 4;
          for (const Tensor& x : {problem.k, problem.v}) {
            x.view().as<float>()[j * x.view().row_stride() + 1] = bad;
          }
          problem.run_forward(context);
          problem.run_backward(context);
          const auto finite = [](const Tensor& x, std::int64_t row, std::int64_t columns) {
            const float* at = x.view().as<float>() + row * x.view().row_stride();
            return std::all_of(at, at + columns, [](float y) { return std::isfinite(y); });
          };
          const AttentionPlan plan = problem.plan();
          for (std::int64_t i = 0; i < length; ++i) {
            // In head 0.
            EXPECT_EQ(finite(problem.out, i, 9), !plan.sees(0, i, j)) << i;
            EXPECT_EQ(finite(problem.dq, i, 16), !plan.sees(0, i, j)) << i;
          }
        });
      }
    }
  }
}

TEST_F(CpuAttentionMask, BadQueriesDoNotLeakIntoKeysThatTheyDoNotSee) {
  for_each_target([&](ExecutionContext& context) {
    Problem problem({{40}, {40}, 1, 1, 16, 16, true});
    problem.q.view().as<float>()[7 * problem.q.view().row_stride()] =
        std::numeric_limits<float>::quiet_NaN();
    problem.dout.view().as<float>()[7 * problem.dout.view().row_stride()] =
        std::numeric_limits<float>::infinity();
    problem.run_forward(context);
    problem.run_backward(context);
    for (std::int64_t j = 0; j < 40; ++j) {
      const float dk = problem.dk.view().as<float>()[j * problem.dk.view().row_stride()];
      const float dv = problem.dv.view().as<float>()[j * problem.dv.view().row_stride()];
      EXPECT_EQ(std::isfinite(dk), j > 7) << j;
      EXPECT_EQ(std::isfinite(dv), j > 7) << j;
    }
  });
}

}  // namespace
}  // namespace heed
