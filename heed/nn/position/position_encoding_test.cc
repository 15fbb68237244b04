// Properties of the position encodings.
#include "heed/nn/position/position_encoding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/nn/position/sinusoidal.h"

namespace heed {
namespace {

TEST(SinusoidalPositions, BeginAsInThePaper) {
  const auto table =
      sinusoidal_table(3, 6, SinusoidalLayout::interleaved, reference_device).to_doubles();
  for (std::size_t pair = 0; pair < 3; ++pair) {
    EXPECT_EQ(table[2 * pair], 0.0);
    EXPECT_EQ(table[2 * pair + 1], 1.0);
  }
  EXPECT_DOUBLE_EQ(table[6], std::sin(1.0));
  EXPECT_DOUBLE_EQ(table[7], std::cos(1.0));
}

TEST(SinusoidalPositions, AShiftIsARotationOfEachPair) {
  const std::int64_t size = 16, length = 40;
  for (const auto layout : {SinusoidalLayout::interleaved, SinusoidalLayout::halves}) {
    const auto table = sinusoidal_table(length, size, layout, reference_device).to_doubles();
    const auto sine = [&](std::int64_t i, std::int64_t j) {
      return table[static_cast<std::size_t>(
          i * size + (layout == SinusoidalLayout::halves ? j : 2 * j))];
    };
    const auto cosine = [&](std::int64_t i, std::int64_t j) {
      return table[static_cast<std::size_t>(
          i * size + (layout == SinusoidalLayout::halves ? size / 2 + j : 2 * j + 1))];
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

TEST(SinusoidalPositions, TakeOddSizesAndAnyLength) {
  EXPECT_EQ(sinusoidal_table(4, 7, SinusoidalLayout::halves, cpu_device).shape(), Shape({4, 7}));
  const auto encoding = make_position_encoding({}, 7, 8, cpu_device);
  EXPECT_GE(encoding->table(5000).size(0), 5000);
  EXPECT_GE(encoding->table(10).size(0), 10);
}

TEST(LearnedPositions, EndWhereTheirTableEnds) {
  PositionConfig config;
  config.kind = "learned";
  const auto encoding = make_position_encoding(config, 4, 8, cpu_device);
  EXPECT_EQ(encoding->table(8).shape(), Shape({8, 4}));
  EXPECT_THROW(encoding->table(9), Error);
  EXPECT_EQ(parameters_of(*encoding).size(), 1u);
}

TEST(PositionEncoding, NoneAddsNothingAndUnknownKindsAreRefused) {
  PositionConfig config;
  config.kind = "none";
  EXPECT_FALSE(make_position_encoding(config, 4, 8, cpu_device)->table(3).defined());
  config.kind = "rotary2";
  EXPECT_THROW(make_position_encoding(config, 4, 8, cpu_device), Error);
}

}  // namespace
}  // namespace heed
