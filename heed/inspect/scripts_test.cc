// The pages' scripts without a browser: that they parse, and what their pure parts compute.
#include <gtest/gtest.h>

#include <string>

#include "heed/base/json.h"
#include "heed/inspect/page_assets.h"
#include "heed/inspect/test_script.h"

namespace heed {
namespace {

TEST(Scripts, AllParse) {
  std::string script = "const broken = [];\n";
  for (const std::string_view asset :
       {page_assets::report_js(), page_assets::curve_math_js(), page_assets::curves_js(),
        page_assets::attention_maps_js(), page_assets::attention_heat_map_js(),
        page_assets::attention_lines_js(), page_assets::attention_js(),
        page_assets::comparison_js()}) {
    script += "try { new Function(" + Json(std::string(asset)).dump() +
              "); } catch (error) { broken.push(String(error)); }\n";
  }
  // A parser that takes anything would prove nothing.
  script +=
      "let strict = false;\n"
      "try { new Function('const x = ;'); } catch { strict = true; }\n"
      "console.log(strict, broken.length ? broken.join(';') : 'none broken');\n";
  const ScriptResult result = run_script(script);
  HEED_SKIP_WITHOUT_ENGINE(result);
  EXPECT_EQ(result.output, "true none broken\n");
}

TEST(Scripts, CurvesAreSmoothedAndTicked) {
  const ScriptResult result = run_script(std::string(page_assets::curve_math_js()) + R"script(
    const show = (...values) => console.log(JSON.stringify(values));
    // A line stays the line that it is, at its ends as well; gaps stay gaps.
    const line = Array.from({ length: 50 }, (_, i) => 10 - 0.1 * i);
    const smoothed = curveMath.smooth(line, 0.9);
    show(Math.max(...line.map((value, i) => Math.abs(value - smoothed[i]))) < 1e-9);
    // Where it falls steeply at first, it begins at its height; ups and downs later go.
    const steep = Array.from({ length: 60 }, (_, i) => 2 + 8 * 0.5 ** i + (i > 20 ? (i % 2) - 0.5 : 0));
    const shown = curveMath.smooth(steep, 0.9);
    show(shown[0], Math.max(...shown.slice(20).map((value) => Math.abs(value - 2))) < 0.15);
    show(curveMath.smooth([1, null, 3], 0.5)[1], curveMath.smooth([4, 4, 4], 0.9)[0].toFixed(9));
    show(curveMath.linearTicks(0, 10, 5), curveMath.logarithmicTicks(1, 1000, 5));
    // An axis may end at the last tick: it is at the largest value or past it.
    show(curveMath.linearTicks(0, 11, 5, true), curveMath.linearTicks(0, 10, 5, true),
      curveMath.logarithmicTicks(1, 450, 5, true));
    show(curveMath.spreadLabels([10, 50], 14, 0, 100), curveMath.spreadLabels([50, 50, 52], 14, 0, 100),
      curveMath.spreadLabels([98, 99], 14, 0, 100));
    show(curveMath.isNoisy({ mean: [1, 2, 1, 2, 1] }), curveMath.isNoisy({ mean: [1, 2, 3, 4, 5] }));
    show(curveMath.nearest({ step: [10, 20, 30] }, 24), curveMath.nearest({ step: [] }, 1));
    show(curveMath.bestPlace({ better: "lower", mean: [3, null, 1, 2] }));
    show(curveMath.linePath((x) => x, (y) => y, [1, 2, 3], [5, null, 7]));
  )script");
  HEED_SKIP_WITHOUT_ENGINE(result);
  EXPECT_EQ(result.output,
            "[true]\n"
            "[10,true]\n"
            "[null,\"4.000000000\"]\n"
            "[[0,2,4,6,8,10],[1,3,10,30,100,300,1000]]\n"
            "[[0,2.5,5,7.5,10,12.5],[0,2,4,6,8,10],[1,3,10,30,100,300,1000]]\n"
            "[[10,50],[36.666666666666664,50.666666666666664,64.66666666666666],[86,100]]\n"
            "[true,false]\n"
            "[1,-1]\n"
            "[2]\n"
            "[\"M1.0 5.0h0M3.0 7.0h0\"]\n");
}

TEST(Scripts, AttentionIsDecodedAndJoined) {
  // Two heads of one row: 0, the largest, no number; and the other way round.
  const ScriptResult result = run_script(
      "const heed = { data: { colours: { light: 'ffffff000000', dark: '000000ffffff' } },\n"
      "  currentTheme: () => 'dark' };\n" +
      std::string(page_assets::attention_maps_js()) + R"script(
    const group = heed.attention.decodeGroup({ title: "t", kind: "k", rows: ["a"], columns: ["b", "c", "d"],
      heads: [{ layer: 1, head: 1, maximum: 0.5, levels: "AP7/" }, { layer: 1, head: 2, maximum: 0.25, levels: "/gAA" }] });
    console.log(JSON.stringify([...group.find(1, 1).weights]), JSON.stringify(group.heads));
    console.log(JSON.stringify([...group.find(1, "mean").weights]));
    console.log(JSON.stringify([...heed.attention.levels(group.find(1, 1), 1)]));
    console.log(heed.attention.colours().join(), heed.attention.headName(3));
  )script");
  HEED_SKIP_WITHOUT_ENGINE(result);
  EXPECT_EQ(result.output,
            "[0,0.5,null] [\"mean\",\"maximum\",1,2]\n"
            "[0.125,0.25,null]\n"
            "[0,127,255]\n"
            "000000,ffffff head 3\n");
}

}  // namespace
}  // namespace heed
