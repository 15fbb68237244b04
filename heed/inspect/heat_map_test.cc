#include "heed/inspect/heat_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "heed/base/error.h"
#include "heed/inspect/sample_report.h"

namespace heed {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(CellPath, OutlinesTheCellsOfOneLevel) {
  EXPECT_EQ(cell_path({0, 9, 9, 0}, 2, 9, 0), "M1 0h1v1h-1zM0 1h1v1h-1z");
  EXPECT_EQ(cell_path({9}, 1, 9, 0.5), "M0.25 0.25h0.5v0.5h-0.5z");
  EXPECT_EQ(cell_path({0, 0}, 2, 9, 0), "");
}

TEST(RenderHeatMap, ShowsTokensWeightsAndLegend) {
  const AttentionMap map{"Guten Tag", "self-attention",          {"<s>", "Tag"}, {"a&b", "c"}, 2,
                         5,           {0.25f, 0.75f, 0.0f, 1.0f}};
  const std::string svg = render_heat_map(map);
  EXPECT_THAT(svg, HasSubstr("&lt;s&gt;"));
  EXPECT_THAT(svg, HasSubstr("a&amp;b"));
  EXPECT_THAT(svg, HasSubstr("<title>&lt;s&gt; → c: 0.750</title>"));
  EXPECT_THAT(svg, HasSubstr("self-attention · layer 2, head 5"));
  EXPECT_THAT(svg, HasSubstr("<path class=\"q254\" d=\"M1."));
  EXPECT_THAT(svg, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_EQ(count_of(svg, "<g"), count_of(svg, "</g>"));
}

TEST(RenderHeatMap, OneThemeWhenAsked) {
  HeatMapOptions options;
  options.theme = Theme::dark;
  const std::string svg = render_heat_map(make_sample_map(3, 4, 1, 1), options);
  EXPECT_THAT(svg, Not(HasSubstr("prefers-color-scheme")));
  EXPECT_THAT(svg, HasSubstr(".q0{fill:" + to_hex(weight_colours(Theme::dark)[0])));
}

TEST(RenderHeatMap, HostileTokensStayText) {
  AttentionMap map{"</svg><script>alert(1)</script>",
                   "\" onload=\"x",
                   {"<img onerror=x>"},
                   {"]]>"},
                   0,
                   0,
                   {1.0f}};
  const std::string svg = render_heat_map(map);
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("<img")));
  EXPECT_THAT(svg, Not(HasSubstr("\" onload")));
  EXPECT_EQ(count_of(svg, "</svg>"), 1);
}

TEST(RenderHeatMap, NotANumberIsDrawnAsAnEmptyBox) {
  const AttentionMap map{"", "", {"a"}, {"b"}, 0, 0, {std::numeric_limits<float>::quiet_NaN()}};
  EXPECT_THAT(render_heat_map(map), HasSubstr("<path class=\"nan\""));
}

TEST(RenderHeatMap, LargeMapsStaySmall) {
  const AttentionMap map = make_sample_map(200, 200, 1, 4);
  HeatMapOptions options;
  options.cell_size = 4;
  EXPECT_LT(render_heat_map(map, options).size(), 1'200'000u);
}

TEST(RenderHeatMap, EmptyMapIsAPicture) {
  EXPECT_THAT(render_heat_map(AttentionMap{}), HasSubstr("</svg>"));
}

TEST(RenderHeatMap, RefusesWeightsThatDoNotFit) {
  AttentionMap map = make_sample_map(2, 2, 0, 0);
  map.weights.pop_back();
  EXPECT_THROW(render_heat_map(map), Error);
}

TEST(RenderHeatMap, IsAPictureByItself) {
  EXPECT_THAT(render_heat_map(make_sample_report().attention.front()),
              ::testing::StartsWith("<svg xmlns"));
}

}  // namespace
}  // namespace heed
