// Rectangles and labels in an Image. What lies outside the image is cut off.
#pragma once

#include <string_view>

#include "heed/inspect/png.h"

namespace heed {

void fill_rectangle(Image& image, int x, int y, int width, int height, Colour colour);
// The outline, one pixel wide, just inside.
void draw_frame(Image& image, int x, int y, int width, int height, Colour colour);

enum class Anchor { start, middle, end };

struct TextStyle {
  double size = 22;  // of the em, in pixels; letters are drawn for 22 and scaled down best
  Colour colour;
  Anchor anchor = Anchor::start;
  double turned = 0;  // degrees, against the clock, around the anchor
};

// The width of a line of text in pixels.
double text_width(std::string_view text, double size);

// Draws one line of UTF-8, its middle at the height y. Latin, Greek and Cyrillic letters and common
// signs are known; any other is drawn as an empty box.
void draw_text(Image& image, double x, double y, std::string_view text, const TextStyle& style);

}  // namespace heed
