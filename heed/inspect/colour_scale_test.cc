#include "heed/inspect/colour_scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace heed {
namespace {

using Triple = std::array<double, 3>;
using Matrix = std::array<Triple, 3>;

Triple multiply(const Matrix& matrix, const Triple& x) {
  Triple y{};
  for (int i = 0; i < 3; ++i) {
    y[i] = matrix[i][0] * x[0] + matrix[i][1] * x[1] + matrix[i][2] * x[2];
  }
  return y;
}

Triple linear(Colour colour) {
  const auto decode = [](double encoded) {
    return encoded <= 0.04045 ? encoded / 12.92 : std::pow((encoded + 0.055) / 1.055, 2.4);
  };
  return {decode(colour.red / 255.0), decode(colour.green / 255.0), decode(colour.blue / 255.0)};
}

Triple to_oklab(const Triple& rgb) {
  const Matrix to_cones = {{{0.4122214708, 0.5363325363, 0.0514459929},
                            {0.2119034982, 0.6806995451, 0.1073969566},
                            {0.0883024619, 0.2817188376, 0.6299787005}}};
  const Matrix to_lab = {{{0.2104542553, 0.7936177850, -0.0040720468},
                          {1.9779984951, -2.4285922050, 0.4505937099},
                          {0.0259040371, 0.7827717662, -0.8086757660}}};
  Triple cones = multiply(to_cones, rgb);
  for (double& cone : cones) {
    cone = std::cbrt(std::max(cone, 0.0));
  }
  return multiply(to_lab, cones);
}

double distance(const Triple& x, const Triple& y) {
  return std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

class WeightColours : public ::testing::TestWithParam<Theme> {};

TEST_P(WeightColours, StepsLookEquallyLarge) {
  const auto& colours = weight_colours(GetParam());
  constexpr int stride = 16;  // long enough for the rounding to 8 bits not to matter
  double least = 1e9;
  double largest = 0;
  for (int level = 0; level + stride < weight_level_count; level += stride) {
    const double step =
        distance(to_oklab(linear(colours[level])), to_oklab(linear(colours[level + stride])));
    least = std::min(least, step);
    largest = std::max(largest, step);
  }
  EXPECT_LT(largest / least, 1.1);
}

// Simulated after Machado, Oliveira and Fernandes (2009), severity 1.
TEST_P(WeightColours, LightnessTellsTheOrderToEveryEye) {
  const std::array<Matrix, 4> visions = {{
      {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
      {{{0.152286, 1.052583, -0.204868},
        {0.114503, 0.786281, 0.099216},
        {-0.003882, -0.048116, 1.051998}}},
      {{{0.367322, 0.860646, -0.227968},
        {0.280085, 0.672501, 0.047413},
        {-0.011820, 0.042940, 0.968881}}},
      {{{1.255528, -0.076749, -0.178779},
        {-0.078411, 0.930809, 0.147602},
        {0.004733, 0.691367, 0.303900}}},
  }};
  const double direction = GetParam() == Theme::light ? -1 : 1;
  for (const Matrix& vision : visions) {
    const auto lightness = [&](int level) {
      return to_oklab(multiply(vision, linear(weight_colours(GetParam())[level])))[0];
    };
    for (int level = 0; level + 8 < weight_level_count; level += 8) {
      EXPECT_GT(direction * (lightness(level + 8) - lightness(level)), 0.008) << level;
    }
  }
}

TEST_P(WeightColours, EndsMeltAndStandOut) {
  const auto& colours = weight_colours(GetParam());
  const double first = to_oklab(linear(colours.front()))[0];
  const double last = to_oklab(linear(colours.back()))[0];
  if (GetParam() == Theme::light) {
    EXPECT_GT(first, 0.97);
    EXPECT_LT(last, 0.30);
  } else {
    EXPECT_LT(first, 0.26);
    EXPECT_GT(last, 0.94);
  }
}

INSTANTIATE_TEST_SUITE_P(Themes, WeightColours, ::testing::Values(Theme::light, Theme::dark));

TEST(ToHex, WritesSixDigits) {
  EXPECT_EQ(to_hex({0, 10, 255}), "#000aff");
}

}  // namespace
}  // namespace heed
