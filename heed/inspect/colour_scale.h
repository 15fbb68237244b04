// The colours of attention weights, for light and for dark surroundings.
//
// Both scales are drawn in OKLab (B. Ottosson, "A perceptual color space for image processing",
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

// The surroundings of a picture.
struct Palette {
  Colour paper, ink, muted;
};
const Palette& palette(Theme theme);

// "#rrggbb".
std::string to_hex(Colour colour);

}  // namespace heed
