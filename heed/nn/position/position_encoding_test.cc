// Properties of the position encodings.
#include "heed/nn/position/position_encoding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/nn/position/none.h"
#include "heed/nn/position/sinusoidal.h"
#include "heed/nn/position/test_schemes.h"
#include "heed/ops/embedding.h"

namespace heed {
namespace {

using SinusoidalPositions = PositionTest;
using LearnedPositions = PositionTest;
using PositionEncodingTest = PositionTest;

TEST_F(SinusoidalPositions, BeginAsInThePaper) {
  const auto table = sinusoidal_table(3, 6, PairLayout::interleaved, reference_device).to_doubles();
  for (std::size_t pair = 0; pair < 3; ++pair) {
    EXPECT_EQ(table[2 * pair], 0.0);
    EXPECT_EQ(table[2 * pair + 1], 1.0);
  }
  EXPECT_DOUBLE_EQ(table[6], std::sin(1.0));
  EXPECT_DOUBLE_EQ(table[7], std::cos(1.0));
}

TEST_F(SinusoidalPositions, AShiftIsARotationOfEachPair) {
  const std::int64_t size = 16, length = 40;
  for (const auto layout : {PairLayout::interleaved, PairLayout::halves}) {
    const auto table = sinusoidal_table(length, size, layout, reference_device).to_doubles();
    const auto sine = [&](std::int64_t i, std::int64_t j) {
      return table[static_cast<std::size_t>(i * size + (layout == PairLayout::halves ? j : 2 * j))];
    };
    const auto cosine = [&](std::int64_t i, std::int64_t j) {
      return table[static_cast<std::size_t>(
          i * size + (layout == PairLayout::halves ? size / 2 + j : 2 * j + 1))];
    };
    for (std::int64_t j = 0; j < size / 2; ++j) {
      const double frequency =
          std::pow(10000.0, -2.0 * static_cast<double>(j) / static_cast<double>(size));
      for (std::int64_t shift = 0; shift < 20; ++shift) {
        const double angle = static_cast<double>(shift) * frequency;
        for (std::int64_t i = 0; i + shift < length; ++i) {
          EXPECT_NEAR(std::cos(angle) * sine(i, j) + std::sin(angle) * cosine(i, j),
                      sine(i + shift, j), 1e-12);
          EXPECT_NEAR(std::cos(angle) * cosine(i, j) - std::sin(angle) * sine(i, j),
                      cosine(i + shift, j), 1e-12);
        }
      }
    }
  }
}

TEST_F(SinusoidalPositions, TakeOddSizesAndAnyLength) {
  EXPECT_EQ(sinusoidal_table(4, 7, PairLayout::halves, cpu_device).shape(), Shape({4, 7}));
  const auto encoding = make({}, {.size = 7, .longest = 8});
  EXPECT_GE(encoding->table(5000).size(0), 5000);
  EXPECT_GE(encoding->table(10).size(0), 10);
}

TEST_F(SinusoidalPositions, OfAGridEncodeRowAndColumn) {
  const auto line = sinusoidal_table(5, 4, PairLayout::halves, reference_device).to_doubles();
  const auto grid = sinusoidal_grid(15, 5, 8, PairLayout::halves, reference_device).to_doubles();
  for (std::size_t i = 0; i < 15; ++i) {
    for (std::size_t c = 0; c < 4; ++c) {
      EXPECT_EQ(grid[i * 8 + c], line[i / 5 * 4 + c]);
      EXPECT_EQ(grid[i * 8 + 4 + c], line[i % 5 * 4 + c]);
    }
  }
  expect_refusal({.kind = "sinusoidal2d"}, {.size = 6}, "multiple of 4");
}

TEST_F(LearnedPositions, EndWhereTheirTableEnds) {
  const auto encoding = make({.kind = "learned"}, {.size = 4, .longest = 8});
  EXPECT_EQ(encoding->table(8).shape(), Shape({8, 4}));
  EXPECT_THROW(encoding->table(9), Error);
  EXPECT_EQ(parameters_of(*encoding).size(), 1u);
}

TEST_F(LearnedPositions, AreStretchedFromTheFirstRowToTheLast) {
  const auto encoding = make({.kind = "learned", .trained_length = 4}, {.size = 3, .longest = 7});
  const Tensor rows = parameters_of(*encoding)[0].parameter->value;
  ASSERT_EQ(rows.shape(), Shape({4, 3}));
  const auto small = rows.to_doubles();
  const auto large = encoding->table(7).to_doubles();
  for (std::size_t i = 0; i < 7; ++i) {  // every other row is one of the table
    for (std::size_t c = 0; c < 3; ++c) {
      const double below = small[i / 2 * 3 + c];
      const double above = small[(i + 1) / 2 * 3 + c];
      EXPECT_NEAR(large[i * 3 + c], (below + above) / 2, 1e-15);
    }
  }
  EXPECT_THROW(encoding->table(8), Error);
  check_scheme_gradients(*encoding, [&] { return encoding->table(7); });
}

TEST_F(LearnedPositions, GradientsReachJustTheRowsUsed) {
  const auto encoding = make({.kind = "learned"}, {.size = 3, .longest = 6});
  require_gradients(*encoding);
  const Tensor rows = parameters_of(*encoding)[0].parameter->value;
  const Tensor words = Tensor::zeros({2, 3}, DType::float64, reference_device);
  const Tensor ids = Tensor::from_values<std::int32_t>({0, 1, 0}, {3});
  const Tensor positions = Tensor::from_values<std::int32_t>({1, 4, 1}, {3});
  backward(ops::sum(ops::embed(ids, words, 1, positions, encoding->table(5))));
  EXPECT_EQ(gradient_of(rows).to_doubles(),
            (std::vector<double>{0, 0, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0}));
}

TEST_F(PositionEncodingTest, NoneAddsNothingAndUnknownKindsAreRefused) {
  EXPECT_FALSE(make({.kind = "none"}, {})->table(3).defined());
  expect_refusal({.kind = "rotary2"}, {}, "position.kind 'rotary2'");
}

TEST_F(PositionEncodingTest, EverySchemeIsMadeAndTakesFurtherOnes) {
  for (const PositionScheme& scheme : position_schemes()) {
    PositionConfig config;
    config.kind = scheme.kind;
    const auto encoding = make(config, {});
    EXPECT_EQ(!parameters_of(*encoding).empty(), scheme.learned) << scheme.kind;
    EXPECT_EQ(encoding->table(4).defined(), scheme.embeddings) << scheme.kind;
  }
  add_position_scheme({.kind = "of_a_test", .make = none_scheme().make});
  EXPECT_NE(make({.kind = "of_a_test"}, {}), nullptr);
}

}  // namespace
}  // namespace heed
