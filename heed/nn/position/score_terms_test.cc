// Schemes that add to the scores and values of attention.
#include <algorithm>
#include <cmath>

#include "heed/nn/position/alibi.h"
#include "heed/nn/position/cope.h"
#include "heed/nn/position/shaw.h"
#include "heed/nn/position/swin.h"
#include "heed/nn/position/t5.h"
#include "heed/nn/position/test_schemes.h"

namespace heed {
namespace {

using ShawPositions = PositionTest;
using T5Positions = PositionTest;
using AlibiPositions = PositionTest;
using SwinPositions = PositionTest;
using ContextualPositions = PositionTest;
using ScoreTerms = PositionTest;

TEST_F(ShawPositions, ClipDistances) {
  const std::int64_t expected[10][10] = {
      {3, 4, 5, 6, 6, 6, 6, 6, 6, 6}, {2, 3, 4, 5, 6, 6, 6, 6, 6, 6},
      {1, 2, 3, 4, 5, 6, 6, 6, 6, 6}, {0, 1, 2, 3, 4, 5, 6, 6, 6, 6},
      {0, 0, 1, 2, 3, 4, 5, 6, 6, 6}, {0, 0, 0, 1, 2, 3, 4, 5, 6, 6},
      {0, 0, 0, 0, 1, 2, 3, 4, 5, 6}, {0, 0, 0, 0, 0, 1, 2, 3, 4, 5},
      {0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, {0, 0, 0, 0, 0, 0, 0, 1, 2, 3}};
  for (std::int64_t i = 0; i < 10; ++i) {
    for (std::int64_t j = 0; j < 10; ++j) {
      EXPECT_EQ(shaw_index(i, j, 3), expected[i][j]) << i << ", " << j;
    }
  }
}

TEST_F(ShawPositions, HaveTablesPerLayerAndPerHeadIfAsked) {
  const PositionScope scope{.heads = 4, .head_size = 6, .layers = 3};
  const auto shared = make({.kind = "shaw", .clip = 2}, scope);
  EXPECT_EQ(parameters_of(*shared).size(), 6u);
  EXPECT_EQ(parameters_of(*shared)[2].name, "layers.1.relative_keys");
  EXPECT_EQ(terms_of(*shared, 50).key_vectors.shape(), Shape({5, 6}));
  EXPECT_NE(terms_of(*shared, 50, 0).value_vectors.to_doubles(),
            terms_of(*shared, 50, 1).value_vectors.to_doubles());
  const auto own =
      make({.kind = "shaw", .clip = 2, .relative_values = false, .per_head = true}, scope);
  EXPECT_EQ(parameters_of(*own).size(), 3u);
  EXPECT_EQ(terms_of(*own, 50).key_vectors.shape(), Shape({20, 6}));
  EXPECT_FALSE(terms_of(*own, 50).value_vectors.defined());
  expect_refusal({.kind = "shaw", .clip = 0}, scope, "position.clip 0");
}

TEST_F(T5Positions, ShareBucketsThatGrowWithDistance) {
  for (std::int64_t n = 0; n < 16; ++n) {
    EXPECT_EQ(t5_bucket(-n, false, 32, 128), n);
  }
  EXPECT_EQ(t5_bucket(-127, false, 32, 128), 31);
  EXPECT_EQ(t5_bucket(-100000, false, 32, 128), 31);
  EXPECT_EQ(t5_bucket(1, false, 32, 128), 0);  // a causal stack has no future
  EXPECT_EQ(t5_bucket(1, true, 32, 128), 17);
  EXPECT_EQ(t5_bucket(-1, true, 32, 128), 1);
  EXPECT_EQ(t5_bucket(100000, true, 32, 128), 31);
  for (std::int64_t n = 1; n < 200; ++n) {
    EXPECT_GE(t5_bucket(-n, true, 32, 128), t5_bucket(1 - n, true, 32, 128));
    EXPECT_EQ(t5_bucket(n, true, 32, 128), t5_bucket(-n, true, 32, 128) + 16);
  }
}

TEST_F(T5Positions, SpreadOneTableOverDistances) {
  for (const bool causal : {false, true}) {
    const auto encoding =
        make({.kind = "t5", .buckets = 8, .max_distance = 20}, {.heads = 3, .causal = causal});
    const Tensor table = parameters_of(*encoding)[0].parameter->value;
    table.copy_from(random({8, 3}));
    const Tensor bias = terms_of(*encoding, 1000).distance_bias;
    ASSERT_EQ(bias.shape(), Shape({3, 41}));
    for (int h = 0; h < 3; ++h) {
      for (int t = -20; t <= 20; ++t) {
        EXPECT_EQ(
            bias.to_doubles()[static_cast<std::size_t>(h * 41 + t + 20)],
            table.to_doubles()[static_cast<std::size_t>(t5_bucket(t, !causal, 8, 20) * 3 + h)]);
      }
    }
    check_scheme_gradients(*encoding, [&] { return terms_of(*encoding, 30).distance_bias; });
  }
  expect_refusal({.kind = "t5", .buckets = 7}, {}, "position.buckets 7");
  EXPECT_NO_THROW(make({.kind = "t5", .buckets = 7}, {.causal = true}));
  expect_refusal({.kind = "t5", .max_distance = 8}, {}, "position.max_distance 8");
}

TEST_F(AlibiPositions, HaveTheSlopesOfThePaper) {
  for (int h = 0; h < 8; ++h) {
    EXPECT_EQ(alibi_slopes(8)[static_cast<std::size_t>(h)], std::exp2(-h - 1));
  }
  const auto twelve = alibi_slopes(12);  // those of 8, then every other one of 16
  ASSERT_EQ(twelve.size(), 12u);
  for (std::size_t h = 0; h < 8; ++h) {
    EXPECT_EQ(twelve[h], alibi_slopes(8)[h]);
  }
  for (std::size_t h = 0; h < 4; ++h) {
    EXPECT_EQ(twelve[8 + h], alibi_slopes(16)[2 * h]);
  }
}

TEST_F(AlibiPositions, FallWithDistanceOnBothSides) {
  const auto encoding = make({.kind = "alibi"}, {.heads = 2});
  for (const std::int64_t length : {5, 300, 7}) {
    const Tensor bias = terms_of(*encoding, length).distance_bias;
    const std::int64_t reach = (bias.size(1) - 1) / 2;
    ASSERT_GE(reach, length - 1);
    const auto values = bias.to_doubles();
    for (std::int64_t t = -reach; t <= reach; ++t) {
      const auto at = static_cast<std::size_t>(t + reach);
      EXPECT_EQ(values[at], -static_cast<double>(std::abs(t)) / 16);
      EXPECT_EQ(values[at + static_cast<std::size_t>(bias.size(1))],
                -static_cast<double>(std::abs(t)) / 256);
    }
  }
}

TEST_F(SwinPositions, IndexOffsetsInsideAWindow) {
  EXPECT_EQ(swin_index(2),
            (std::vector<std::int32_t>{4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4}));
}

TEST_F(SwinPositions, GiveEqualOffsetsEqualBiases) {
  const auto encoding = make({.kind = "swin", .window = 3}, {.heads = 2, .layers = 2});
  parameters_of(*encoding)[1].parameter->value.copy_from(random({25, 2}));
  const auto bias = terms_of(*encoding, 9, 1).table_bias.to_doubles();
  const auto at = [&](std::size_t head, std::size_t i, std::size_t j) {
    return bias[(head * 9 + i) * 9 + j];
  };
  for (std::size_t head = 0; head < 2; ++head) {
    EXPECT_EQ(at(head, 0, 4), at(head, 4, 8));  // one down and one to the right
    EXPECT_EQ(at(head, 0, 4), at(head, 1, 5));
    EXPECT_NE(at(head, 0, 4), at(head, 4, 0));
    EXPECT_NE(at(head, 0, 1), at(head, 2, 3));  // the next number, but in the next row
  }
  EXPECT_THROW(terms_of(*encoding, 8), Error);
  expect_refusal({.kind = "swin", .window = 1}, {}, "position.window 1");
}

TEST_F(SwinPositions, OfTheSecondVersionSpaceOffsetsByLogarithm) {
  const double one = std::log2(9.0) / 3, half = std::log2(5.0) / 3;
  const auto expect_offsets = [](const std::vector<double>& found, double step) {
    std::size_t at = 0;
    for (const double dy : {-step, 0.0, step}) {
      for (const double dx : {-step, 0.0, step}) {
        EXPECT_NEAR(found[at++], dy, 1e-15);
        EXPECT_NEAR(found[at++], dx, 1e-15);
      }
    }
    EXPECT_EQ(found.size(), at);
  };
  expect_offsets(swin2_offsets(2, 2), one);
  expect_offsets(swin2_offsets(2, 3), half);  // half of the trained window
  const auto encoding = make({.kind = "swin2", .window = 3, .hidden_size = 16}, {.layers = 1});
  for (const double bias : terms_of(*encoding, 9).table_bias.to_doubles()) {
    EXPECT_GT(bias, 0);
    EXPECT_LT(bias, 16);
  }
  expect_refusal({.kind = "swin2", .trained_window = 1}, {}, "position.trained_window 1");
  expect_refusal({.kind = "swin2", .hidden_size = 0}, {}, "position.hidden_size 0");
}

TEST_F(ContextualPositions, CountTokensWhenAllGatesAreOpen) {
  // Queries and keys share one large component: every gate is 1, and all keys score the same but
  // for their position, which is then i - j + 1.
  constexpr std::int64_t length = 6, size = 3, positions = 5;
  const auto encoding = make({.kind = "cope", .context_positions = positions},
                             {.heads = 1, .key_heads = 1, .head_size = size, .layers = 1});
  const Tensor vectors = parameters_of(*encoding)[0].parameter->value;
  vectors.copy_from(random({positions, size}));
  vectors.columns(0, 1).fill(0);
  const Tensor q = random({length, size}, 2);
  const Tensor k = Tensor::zeros({length, size}, DType::float64, reference_device);
  for (const Tensor& x : {q, k}) {
    x.columns(0, 1).fill(10);
  }
  const Tensor v = random({length, 1}, 3);
  const std::vector<std::int32_t> offsets = {0, length};
  const auto found =
      ops::attention(q, k, v, {.query_offsets = offsets, .key_offsets = offsets, .causal = true},
                     terms_of(*encoding, length))
          .to_doubles();
  const auto qs = q.to_doubles(), es = vectors.to_doubles(), vs = v.to_doubles();
  for (std::size_t i = 0; i < length; ++i) {
    double sum = 0, total = 0;
    for (std::size_t j = 0; j <= i; ++j) {
      const std::size_t p = std::min<std::size_t>(i - j + 1, positions - 1);
      double term = 0;
      for (std::size_t c = 0; c < size; ++c) {
        term += qs[i * size + c] * es[p * size + c];
      }
      sum += std::exp(term) * vs[j];
      total += std::exp(term);
    }
    EXPECT_NEAR(found[i], sum / total, 1e-12);
  }
  expect_refusal({.kind = "cope", .context_positions = 1}, {}, "position.context_positions 1");
}

TEST_F(ScoreTerms, ReachTheirParametersThroughAttention) {
  constexpr std::int64_t length = 4, head_size = 3;
  const Tensor q = random({length, 2 * head_size}, 1), k = random({length, 2 * head_size}, 2),
               v = random({length, 2 * head_size}, 3);
  const std::vector<std::int32_t> offsets = {0, length};
  for (const PositionConfig& config :
       {PositionConfig{.kind = "shaw", .clip = 2},
        PositionConfig{.kind = "shaw", .clip = 2, .per_head = true},
        PositionConfig{.kind = "t5", .buckets = 4, .max_distance = 3},
        PositionConfig{.kind = "swin", .window = 2},
        PositionConfig{.kind = "swin2", .window = 2, .hidden_size = 3},
        PositionConfig{.kind = "cope", .context_positions = 3}}) {
    SCOPED_TRACE(config.kind);
    const auto encoding =
        make(config, {.heads = 2, .key_heads = 2, .head_size = head_size, .layers = 1});
    std::uint64_t seed = 10;
    for (const NamedParameter& item : parameters_of(*encoding)) {
      item.parameter->value.copy_from(random(item.parameter->value.shape(), ++seed));
    }
    check_scheme_gradients(*encoding, [&] {
      return ops::attention(q, k, v,
                            {.query_offsets = offsets,
                             .key_offsets = offsets,
                             .heads = 2,
                             .key_heads = 2,
                             .scale = 0.5f},
                            terms_of(*encoding, length));
    });
  }
}

}  // namespace
}  // namespace heed
