#include "heed/inspect/attention_overview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/inspect/heat_map_image.h"
#include "heed/inspect/sample_attention.h"

namespace heed {
namespace {

using ::testing::HasSubstr;

bool is(Colour x, Colour y) {
  return x.red == y.red && x.green == y.green && x.blue == y.blue;
}

int count(const Image& image, Colour colour) {
  return static_cast<int>(std::count_if(image.pixels.begin(), image.pixels.end(),
                                        [&](Colour pixel) { return is(pixel, colour); }));
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(DrawHeatMap, PaintsEachCellInTheColourOfItsWeight) {
  const AttentionMap map{.title = "a b",
                         .row_labels = {"x"},
                         .column_labels = {"a", "b"},
                         .layer = 1,
                         .head = 1,
                         .weights = {1.0f, 0.0f}};
  for (const Theme theme : {Theme::light, Theme::dark}) {
    const Image image = draw_heat_map(map, {.cell_size = 30, .theme = theme});
    EXPECT_TRUE(is(image.pixels[0], palette(theme).paper));
    EXPECT_GE(count(image, weight_colours(theme).back()), 58 * 58);
    EXPECT_LT(count(image, weight_colours(theme).back()), 58 * 58 + 20 * 18);  // and the legend
    EXPECT_GT(count(image, palette(theme).ink), 20);                           // letters
  }
}

TEST(DrawHeatMap, LeavesRoomForEveryLabelAndTurnsThemWhereCellsAreSmall) {
  AttentionMap map = choose_map(sample_stack("cross", 1, 2, 20, 30), 1, {});
  const Image small = draw_heat_map(map, {.cell_size = 8});
  const Image large = draw_heat_map(map, {.cell_size = 24});
  EXPECT_GE(small.width, 30 * 16);
  EXPECT_GE(large.width, 30 * 48);
  EXPECT_GE(large.height, 20 * 48);
  // Nothing touches the edge: every label has its room.
  for (const Image* image : {&small, &large}) {
    for (int x = 0; x < image->width; ++x) {
      EXPECT_TRUE(is(image->at(x, 0), palette(Theme::light).paper));
      EXPECT_TRUE(is(image->at(x, image->height - 1), palette(Theme::light).paper));
    }
    for (int y = 0; y < image->height; ++y) {
      EXPECT_TRUE(is(image->at(0, y), palette(Theme::light).paper));
      EXPECT_TRUE(is(image->at(image->width - 1, y), palette(Theme::light).paper));
    }
  }
}

TEST(Overview, HasATileForEveryHeadAndTheMean) {
  AttentionStack stack = sample_stack("cross", 2, 3, 5, 7);
  const std::string whole = render_overview(stack, "a <sentence>", Theme::light);
  EXPECT_EQ(occurrences(whole, "<image "), 2u * (3 + 1));
  EXPECT_THAT(whole, HasSubstr("a &lt;sentence&gt;"));
  EXPECT_THAT(whole, HasSubstr("<title>layer 2, mean of heads</title>"));
  EXPECT_EQ(whole, render_overview(stack, "a <sentence>", Theme::light));
  const int before = count(draw_overview(stack, "", Theme::light), palette(Theme::light).paper);
  stack.layers[0].heads = {1, 3};  // the second was pruned
  stack.layers[0].weights.resize(2 * 35);
  EXPECT_EQ(occurrences(render_overview(stack, "", Theme::dark), "<image "), 2u * (3 + 1) - 1);
  EXPECT_GT(count(draw_overview(stack, "", Theme::light), palette(Theme::light).paper),
            before + 5000);
}

}  // namespace
}  // namespace heed
