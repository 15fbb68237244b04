// heed positions: every scheme in every form, and the numbers of some figures.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "apps/heed/command_line.h"
#include "apps/heed/position_figures.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/formats/numpy.h"

namespace heed::app {
namespace {

class PositionsCommand : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
  PositionsCommand() { std::filesystem::create_directories(folder_); }
  ~PositionsCommand() override { std::filesystem::remove_all(folder_); }

  static void run(std::vector<std::string> words) {
    std::vector<const char*> line = {"heed", "positions"};
    for (const std::string& word : words) {
      line.push_back(word.c_str());
    }
    EXPECT_EQ(run_command_line(static_cast<int>(line.size()), line.data()), 0);
  }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string content(const std::string& name) const {
    std::ifstream stream(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  static void expect_refusal(const std::vector<std::string>& words, const std::string& reason) {
    try {
      run(words);
      ADD_FAILURE() << "expected: " << reason;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
    }
  }

  static const LineFigure& lines_of(const FigureSheet& sheet, const std::string& title) {
    for (const Figure& figure : sheet.figures) {
      if (figure.title == title) {
        return std::get<LineFigure>(figure.content);
      }
    }
    throw std::runtime_error("no figure " + title);
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      ("heed_positions_" +
       std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(PositionsCommand, DrawsEveryScheme) {
  for (const PositionScheme& scheme : position_schemes()) {
    if (scheme.kind == "none") {
      continue;
    }
    PositionConfig config;
    config.kind = scheme.kind;
    const FigureSheet sheet = position_figures(
        config,
        {.size = 16, .heads = 2, .key_heads = 2, .head_size = 16, .layers = 1, .longest = 20});
    EXPECT_NE(render_figure_page(sheet).find(scheme.summary), std::string::npos) << scheme.kind;
    EXPECT_NE(render_figure_svg(sheet).find("</svg>"), std::string::npos) << scheme.kind;
    EXPECT_FALSE(encode_png(draw_figures(sheet)).empty()) << scheme.kind;
    EXPECT_EQ(figure_json(sheet)["figures"].size(), sheet.figures.size()) << scheme.kind;
  }
}

TEST_F(PositionsCommand, WritesEveryForm) {
  for (const std::string form : {"html", "svg", "png", "json", "npy"}) {
    run({"rotary", "--size", "16", "--length", "20", "--output", file("rotary." + form)});
    const std::string begin = content("rotary." + form).substr(0, 6);
    EXPECT_EQ(begin, form == "html"   ? "<!doct"
                     : form == "svg"  ? "<svg x"
                     : form == "png"  ? "\x89PNG\r\n"
                     : form == "json" ? "{\"titl"
                                      : "\x93NUMPY")
        << form;
  }
  run({"t5", "--length", "20", "--output", file("t5.npy")});
  EXPECT_EQ(read_npy(file("t5.npy")).size(0), 2);  // distances and buckets
}

TEST_F(PositionsCommand, WritesTheTableAsAnArray) {
  run({"sinusoidal", "--size", "6", "--length", "9", "--set", "layout=interleaved", "--output",
       file("table.npy")});
  const Tensor table = read_npy(file("table.npy"));
  ASSERT_EQ(table.shape(), Shape({9, 6}));
  EXPECT_EQ(table.values<float>()[0], 0.0f);
  EXPECT_EQ(table.values<float>()[1], 1.0f);
  EXPECT_FLOAT_EQ(table.values<float>()[6], std::sin(1.0f));
}

TEST_F(PositionsCommand, ShowsHowRotaryScoresFall) {
  const FigureSheet sheet =
      position_figures({.kind = "rotary"}, {.head_size = 8, .layers = 1, .longest = 30});
  const FigureLine& line = lines_of(sheet, "Score by distance").lines[0];
  for (std::size_t t = 0; t < 30; ++t) {
    double expected = 0;
    for (int j = 0; j < 4; ++j) {
      expected += std::cos(static_cast<double>(t) * std::pow(10.0, -j)) / 4;
    }
    EXPECT_NEAR(line.y[t], expected, 1e-9) << t;
  }
}

TEST_F(PositionsCommand, ShowsTheBiasesOfBothSidesOrOfThePast) {
  for (const bool causal : {false, true}) {
    const FigureSheet sheet = position_figures(
        {.kind = "alibi"}, {.heads = 2, .layers = 1, .longest = 5, .causal = causal});
    const LineFigure& lines = lines_of(sheet, "Bias by distance");
    ASSERT_EQ(lines.lines.size(), 2u);
    EXPECT_EQ(lines.lines[0].y.front(), -4.0 / 16);
    EXPECT_EQ(lines.lines[1].y.front(), -4.0 / 256);
    EXPECT_EQ(lines.lines[0].x.back(), causal ? 0 : 4);
    const auto& heat = std::get<HeatFigure>(sheet.figures[1].content);
    EXPECT_EQ(std::isnan(heat.values[1]), causal);
  }
}

TEST_F(PositionsCommand, RefusesWhatMakesNoSense) {
  expect_refusal({"none", "--output", file("a.svg")}, "nothing to draw");
  expect_refusal({"spiral", "--output", file("a.svg")}, "position.kind 'spiral'");
  expect_refusal({"t5", "--output", file("a.pdf")}, ".html, .svg, .png, .json or .npy");
  expect_refusal({"t5", "--output", file("a.svg"), "--set", "kind=alibi"}, "--set kind");
  expect_refusal({"t5", "--output", file("a.svg"), "--set", "bukets=8"}, "buckets");
  expect_refusal({"rotary", "--size", "7", "--output", file("a.svg")}, "not an even number");
  expect_refusal({"t5", "--output", file("a.json"), "--theme", "dark"}, "--theme");
}

}  // namespace
}  // namespace heed::app
