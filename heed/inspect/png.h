// Pictures of pixels, and the PNG files that hold them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "heed/inspect/colour_scale.h"

namespace heed {

struct Image {
  int width = 0;
  int height = 0;
  std::vector<Colour> pixels;  // [height, width], row by row from the top

  Image(int width, int height, Colour background)
      : width(width),
        height(height),
        pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), background) {}

  Colour& at(int x, int y) {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
  const Colour& at(int x, int y) const { return const_cast<Image*>(this)->at(x, y); }
};

// The bytes of a PNG file: 8 bits each of red, green and blue (sRGB); the same image gives the same
// bytes. Errors (failure): an image without pixels, or one that is too large for the format.
std::string encode_png(const Image& image);

}  // namespace heed
