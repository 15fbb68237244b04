#include "heed/inspect/png.h"

#include <png.h>

#include "heed/base/error.h"

namespace heed {

std::string encode_png(const Image& image) {
  static_assert(sizeof(Colour) == 3, "pixels are handed over as they lie");
  check(image.width > 0 && image.height > 0 &&
            image.pixels.size() ==
                static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height),
        "PNG: {} pixels for {} × {}", image.pixels.size(), image.width, image.height);
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  const void* pixels = image.pixels.data();
  check(png_image_write_get_memory_size(png, size, 0, pixels, 0, nullptr) != 0, "PNG: {}",
        png.message);
  std::string bytes(size, '\0');
  check(png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels, 0, nullptr) != 0, "PNG: {}",
        png.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace heed
