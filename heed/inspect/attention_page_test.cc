#include "heed/inspect/attention_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/inspect/sample_attention.h"
#include "heed/inspect/test_browser.h"
#include "heed/inspect/test_page.h"

namespace heed {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

TEST(AttentionPage, IsOneSmallFileThatFetchesNothing) {
  const std::string page = render_attention_page(sample_view(6, 8, 60, 60));
  EXPECT_LT(page.size(), 3'000'000u);
  EXPECT_EQ(page, render_attention_page(sample_view(6, 8, 60, 60)));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* outside : {"http://", "https://", " src=", "@import", "url("}) {
    const std::size_t found = page.find(outside);
    EXPECT_TRUE(found == std::string::npos ||
                page.compare(found, 26, "http://www.w3.org/2000/svg") == 0)
        << page.substr(found, 60);
  }
  EXPECT_THAT(page, Not(HasSubstr("<b>here</b>")));
}

TEST(AttentionPage, HoldsEveryHeadWithItsEntropyAndTheRollouts) {
  const AttentionView view = sample_view(2, 3, 5, 4);
  const Json data = data_of(render_attention_page(view));
  ASSERT_EQ(data["attention"].size(), 3u);
  const Json& encoder = data["attention"][0];
  ASSERT_EQ(encoder["heads"].size(), 2u * 3 + 2);
  EXPECT_NEAR(encoder["heads"][4]["entropy"].get<double>(),
              mean_row_entropy(view.stacks[0].layers[1].weights.data() + 25, 5, 5), 1e-5);
  EXPECT_EQ(encoder["heads"][7]["head"], "rollout");
  EXPECT_EQ(encoder["heads"][7]["layer"], 2);
  EXPECT_EQ(data["attention"][2]["heads"].size(), 2u * 3);  // none between encoder and decoder
  EXPECT_EQ(data["chosen"].dump(), R"({"kind":"cross attention","layer":2,"head":"mean"})");
}

TEST(AttentionPage, BeginsWithWhatIsAskedFor) {
  const AttentionView view = sample_view(2, 3, 5, 4);
  const Json data = data_of(render_attention_page(
      view, {.stack = "encoder", .layer = 1, .head = HeadChoice::parse("2")}));
  EXPECT_EQ(data["chosen"].dump(), R"({"kind":"encoder attention","layer":1,"head":2})");
  EXPECT_THAT([&] { render_attention_page(view, {.stack = "encoder", .layer = 3}); },
              ThrowsMessage<Error>(HasSubstr("no layer 3")));
}

TEST(AttentionPage, AnswersInTheBrowser) {
  AttentionView view = sample_view(3, 4, 6, 5);
  view.stacks[2].layers[1].heads = {1, 2, 4};  // the third head was pruned
  view.stacks[2].layers[1].weights.resize(3 * 30);
  const BrowserResult result = browse(render_attention_page(view), R"script(
    const say = (name, value) => document.getElementById("seen").append(`${name}=${value};`);
    const all = (selector) => document.querySelectorAll(selector);
    const key = (node, name) => node.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    const choose = (id, value) => {
      const select = document.getElementById(id);
      select.value = value;
      select.dispatchEvent(new Event("change"));
    };
    const chosen = () => all('.overview-grid [aria-pressed="true"]')[0].getAttribute("aria-label");
    say("first", chosen());
    say("thumbnails", all(".overview-grid button").length);
    for (const step of ["ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"])
      key(all('.overview-grid [aria-pressed="true"]')[0], step);
    say("afterGap", chosen());
    choose("map-kind", "encoder attention");
    choose("map-head", "rollout");
    say("rollout", chosen());
    choose("map-form", "lines");
    say("hidden", all(".map-scroll")[0].hidden);
    key(all(".lines")[0], "ArrowDown");
    key(all(".lines")[0], "ArrowDown");
    say("row", all(".readout")[0].textContent);
    key(all(".lines")[0], "ArrowRight");
    say("column", all(".readout")[0].textContent);
    const pixels = all(".lines canvas")[0].getContext("2d")
      .getImageData(0, 0, all(".lines canvas")[0].width, all(".lines canvas")[0].height).data;
    say("ink", pixels.some((value) => value > 0));
    key(all(".lines")[0], "Escape");
    say("let", all(".lines .on").length);
    say("unlabelled", [...all("button, select, [tabindex]")].filter((node) =>
      !node.getAttribute("aria-label") && !node.textContent && !node.labels?.length).length);
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_EQ(console_messages(result.log), "");
  EXPECT_THAT(result.seen, HasSubstr("first=layer 3, mean of heads;"));
  EXPECT_THAT(result.seen, HasSubstr("thumbnails=17;"));
  EXPECT_THAT(result.seen, HasSubstr("afterGap=layer 2, head 4, entropy"));
  EXPECT_THAT(result.seen, HasSubstr("rollout=layer 2, rollout up to here;"));
  EXPECT_THAT(result.seen, HasSubstr("hidden=true;"));
  EXPECT_THAT(result.seen, HasSubstr("row=▁row1 attends to ▁column"));
  EXPECT_THAT(result.seen, HasSubstr("column=▁column1 is attended to by ▁row"));
  EXPECT_THAT(result.seen, HasSubstr("ink=true;"));
  EXPECT_THAT(result.seen, HasSubstr("let=0;"));
  EXPECT_THAT(result.seen, HasSubstr("unlabelled=0;"));
}

TEST(AttentionPage, IsReadyWithinASecond) {
  const BrowserResult result = browse(render_attention_page(sample_view(6, 8, 60, 60)), R"script(
    const start = performance.now();
    let x = 1;
    for (let i = 0; i < 4e7; ++i) x = (x * 1103515245 + 12345) % 2147483648;
    const unit = performance.now() - start;
    document.getElementById("seen").append(`unit=${Math.round(unit)};odd=${x % 2};`);
    for (const kind of [...document.getElementById("map-kind").options]) {
      document.getElementById("map-kind").value = kind.value;
      document.getElementById("map-kind").dispatchEvent(new Event("change"));
    }
    document.getElementById("seen").append(
      `ready=${document.querySelectorAll(".overview-grid button").length};` +
      `loaded=${Math.round(start)};switches=${Math.round(performance.now() - start - unit)};`);
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_THAT(result.seen, HasSubstr("ready=60;"));
  const auto number = [&](const std::string& name) {
    return std::stod(result.seen.substr(result.seen.find(name) + name.size()));
  };
  // A busy machine is given more: as much as a loop of a fixed length, 0.4 s on an idle one, shows.
  const double second = std::max(1000.0, 2.5 * number("unit="));
  EXPECT_LT(number("loaded="), second) << result.seen;
  EXPECT_LT(number("switches="), second) << result.seen;
}

}  // namespace
}  // namespace heed
