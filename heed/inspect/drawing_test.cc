#include "heed/inspect/drawing.h"

#include <gtest/gtest.h>

#include <cmath>

namespace heed {
namespace {

constexpr Colour white{255, 255, 255};
constexpr Colour black{0, 0, 0};

// How much ink there is, and its centre of gravity.
struct Ink {
  double amount = 0, x = 0, y = 0;
};

Ink ink_of(const Image& image) {
  Ink ink;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const double dark = 1 - image.at(x, y).red / 255.0;
      ink.amount += dark;
      ink.x += dark * (x + 0.5);
      ink.y += dark * (y + 0.5);
    }
  }
  ink.x /= ink.amount;
  ink.y /= ink.amount;
  return ink;
}

Ink drawn(const char* text, const TextStyle& style) {
  Image image(300, 300, white);
  draw_text(image, 150, 150, text, style);
  return ink_of(image);
}

TEST(Drawing, RectanglesAreCutOffAtTheEdge) {
  Image image(10, 6, white);
  fill_rectangle(image, 8, -3, 50, 5, black);
  EXPECT_NEAR(ink_of(image).amount, 4, 1e-9);
  Image framed(10, 6, white);
  draw_frame(framed, 1, 1, 8, 4, black);
  EXPECT_NEAR(ink_of(framed).amount, 20, 1e-9);
  Image outside(4, 4, white);
  draw_text(outside, -500, 9000, "far away", {.colour = black});
  EXPECT_TRUE(std::isnan(ink_of(outside).x));
}

TEST(Drawing, TextLiesAroundItsAnchor) {
  const Ink middle = drawn("HOH", {.colour = black, .anchor = Anchor::middle});
  EXPECT_NEAR(middle.x, 150, 1);
  EXPECT_NEAR(middle.y, 150, 1);
  const double half = text_width("HOH", 22) / 2;
  EXPECT_NEAR(drawn("HOH", {.colour = black}).x, 150 + half, 1);
  EXPECT_NEAR(drawn("HOH", {.colour = black, .anchor = Anchor::end}).x, 150 - half, 1);
}

TEST(Drawing, TextTurnsAgainstTheClockAndKeepsItsInk) {
  const Ink level = drawn("Hand", {.colour = black});
  const Ink upright = drawn("Hand", {.colour = black, .turned = 90});
  EXPECT_NEAR(upright.x - 150, level.y - 150, 0.5);
  EXPECT_NEAR(150 - upright.y, level.x - 150, 0.5);
  EXPECT_NEAR(upright.amount, level.amount, 0.01 * level.amount);
  const Ink half = drawn("Hand", {.size = 11, .colour = black, .turned = 45});
  EXPECT_NEAR(half.amount, level.amount / 4, 0.05 * level.amount);
}

TEST(Drawing, LettersDifferAndUnknownOnesAreBoxes) {
  EXPECT_NE(drawn("ä", {.colour = black}).amount, drawn("a", {.colour = black}).amount);
  EXPECT_EQ(drawn("龍", {.colour = black}).amount, drawn("□", {.colour = black}).amount);
  EXPECT_GT(text_width("Straße", 22), text_width("Stra", 22));
}

}  // namespace
}  // namespace heed
