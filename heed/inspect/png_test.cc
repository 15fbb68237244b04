#include "heed/inspect/png.h"

#include <gtest/gtest.h>
#include <png.h>

#include <cstring>

#include "heed/base/error.h"

namespace heed {
namespace {

TEST(Png, HoldsThePixelsAsTheyAre) {
  Image image(5, 3, {250, 251, 252});
  image.at(4, 0) = {1, 2, 3};
  image.at(0, 2) = {255, 0, 128};
  const std::string bytes = encode_png(image);
  EXPECT_EQ(bytes, encode_png(image));
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()), 0) << png.message;
  EXPECT_EQ(png.width, 5u);
  EXPECT_EQ(png.height, 3u);
  png.format = PNG_FORMAT_RGB;
  Image read(5, 3, {});
  ASSERT_NE(png_image_finish_read(&png, nullptr, read.pixels.data(), 0, nullptr), 0) << png.message;
  EXPECT_EQ(std::memcmp(read.pixels.data(), image.pixels.data(), 5 * 3 * 3), 0);
}

TEST(Png, RefusesAnImageWithoutPixels) {
  EXPECT_THROW(encode_png(Image(0, 3, {})), Error);
  Image damaged(4, 4, {});
  damaged.pixels.pop_back();
  EXPECT_THROW(encode_png(damaged), Error);
}

}  // namespace
}  // namespace heed
