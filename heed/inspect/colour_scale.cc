#include "heed/inspect/colour_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace heed {
namespace {

struct OkLab {
  double lightness = 0;
  double a = 0;
  double b = 0;
};

struct LinearRgb {
  double red = 0;
  double green = 0;
  double blue = 0;
  bool displayable() const {
    const auto inside = [](double x) { return x >= 0.0 && x <= 1.0; };
    return inside(red) && inside(green) && inside(blue);
  }
};

LinearRgb to_linear_rgb(const OkLab& colour) {
  const auto cube = [](double x) { return x * x * x; };
  const double l = cube(colour.lightness + 0.3963377774 * colour.a + 0.2158037573 * colour.b);
  const double m = cube(colour.lightness - 0.1055613458 * colour.a - 0.0638541728 * colour.b);
  const double s = cube(colour.lightness - 0.0894841775 * colour.a - 1.2914855480 * colour.b);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

std::uint8_t encode_channel(double linear) {
  const double clipped = std::clamp(linear, 0.0, 1.0);
  const double encoded =
      clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * std::pow(clipped, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(255 * encoded));
}

Colour to_colour(const OkLab& colour) {
  const LinearRgb rgb = to_linear_rgb(colour);
  return {encode_channel(rgb.red), encode_channel(rgb.green), encode_channel(rgb.blue)};
}

// A curve through OKLab; t runs from 0 to 1.
struct Path {
  double first_lightness, last_lightness;
  double first_hue, last_hue;  // degrees
  double first_chroma, middle_chroma, last_chroma;

  OkLab at(double t) const {
    const double hue = (first_hue + t * (last_hue - first_hue)) * std::numbers::pi / 180;
    const double chroma =
        first_chroma * (1 - t) * (1 - t) + 2 * middle_chroma * t * (1 - t) + last_chroma * t * t;
    return {first_lightness + t * (last_lightness - first_lightness), chroma * std::cos(hue),
            chroma * std::sin(hue)};
  }
};

double distance(const OkLab& x, const OkLab& y) {
  return std::hypot(x.lightness - y.lightness, x.a - y.a, x.b - y.b);
}

std::array<Colour, weight_level_count> sample_evenly(const Path& path) {
  constexpr int fine_count = 8192;
  std::vector<double> length(fine_count + 1, 0.0);  // of the curve up to each fine step
  for (int i = 1; i <= fine_count; ++i) {
    const double t = static_cast<double>(i) / fine_count;
    length[i] = length[i - 1] + distance(path.at(t - 1.0 / fine_count), path.at(t));
  }
  std::array<Colour, weight_level_count> colours;
  for (int level = 0; level < weight_level_count; ++level) {
    const double wanted = length.back() * level / (weight_level_count - 1);
    const auto found = std::lower_bound(length.begin(), length.end(), wanted);
    const double t = static_cast<double>(found - length.begin()) / fine_count;
    colours[level] = to_colour(path.at(std::min(t, 1.0)));
  }
  return colours;
}

// Two curves that leave the same middle.
std::array<Colour, signed_level_count> join(
    const std::array<Colour, weight_level_count>& negative,
    const std::array<Colour, weight_level_count>& positive) {
  constexpr int half = signed_level_count / 2;
  std::array<Colour, signed_level_count> colours;
  for (int level = 0; level < signed_level_count; ++level) {
    const int step = std::abs(level - half) * (weight_level_count - 1) / half;
    colours[level] = level < half ? negative[step] : positive[step];
  }
  return colours;
}

}  // namespace

const std::array<Colour, weight_level_count>& weight_colours(Theme theme) {
  // Paper to ink: near-white, sea green, blue, deep indigo.
  static const auto light = sample_evenly({0.985, 0.26, 150, 290, 0.004, 0.150, 0.11});
  // Night to light: near-black indigo, violet-blue, sea green, pale yellow.
  static const auto dark = sample_evenly({0.245, 0.96, 282, 102, 0.012, 0.140, 0.10});
  return theme == Theme::light ? light : dark;
}

const std::array<Colour, signed_level_count>& signed_colours(Theme theme) {
  // Near-white to rust and to deep blue; near-black to apricot and to pale blue.
  static const auto light = join(sample_evenly({0.985, 0.40, 75, 40, 0.004, 0.170, 0.11}),
                                 sample_evenly({0.985, 0.33, 235, 272, 0.004, 0.130, 0.14}));
  static const auto dark = join(sample_evenly({0.250, 0.90, 45, 75, 0.006, 0.150, 0.08}),
                                sample_evenly({0.250, 0.92, 270, 240, 0.006, 0.160, 0.05}));
  return theme == Theme::light ? light : dark;
}

int signed_level(double value, double maximum) {
  constexpr int half = signed_level_count / 2;
  if (!(maximum > 0) || std::isnan(value)) {
    return half;
  }
  return half + static_cast<int>(std::lround(half * std::clamp(value / maximum, -1.0, 1.0)));
}

const Palette& palette(Theme theme) {
  static constexpr Palette light{{0xff, 0xff, 0xff}, {0x1b, 0x1c, 0x20}, {0x62, 0x64, 0x6d}};
  static constexpr Palette dark{{0x17, 0x18, 0x1c}, {0xec, 0xee, 0xf2}, {0x9f, 0xa2, 0xad}};
  return theme == Theme::light ? light : dark;
}

std::string to_hex(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

}  // namespace heed
