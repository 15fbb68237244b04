// The colours of attention weights and of other numbers, for light and for dark surroundings.
//
// All scales are drawn in OKLab (B. Ottosson, "A perceptual color space for image processing",
// 2020): lightness runs straight from that of the paper to that of the ink, hue and chroma follow
// smoothly, and the steps are spaced evenly along the curve. So equal differences of weight look
// equally large, and lightness alone tells the order, whatever the eye's colour vision.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace heed {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};

enum class Theme { light, dark };

// Weights are shown in this many levels: level 0 is weight 0, the last is the scale's maximum.
inline constexpr int weight_level_count = 255;

// Level 0 melts into the theme's background, the last level stands out most.
const std::array<Colour, weight_level_count>& weight_colours(Theme theme);

// Numbers of either sign are shown in this many levels: the middle one is 0 and melts into the
// background, the first is the most negative (warm) and the last the most positive (cool).
inline constexpr int signed_level_count = 127;
const std::array<Colour, signed_level_count>& signed_colours(Theme theme);

// The level of a value on a scale that ends at ±maximum; values beyond it take the end.
int signed_level(double value, double maximum);

// The surroundings of a picture.
struct Palette {
  Colour paper, ink, muted;
};
const Palette& palette(Theme theme);

// "#rrggbb".
std::string to_hex(Colour colour);

}  // namespace heed
