#include "heed/inspect/html.h"
#include "heed/base/json.h"
#include "heed/base/test_linear_time.h"

#include <gtest/gtest.h>

#include <limits>

namespace heed {
namespace {

std::string base64_of(std::string_view text) {
  return encode_base64({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

TEST(EscapeHtml, NoMarkupSurvives) {
  EXPECT_EQ(escape_html("</script><img src=x onerror='alert(1)'>\"&"),
            "&lt;/script&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&quot;&amp;");
}

TEST(EscapeHtml, KeepsTextOfEveryScript) {
  EXPECT_EQ(escape_html("Grüße, 二〇二一年, مرحبا 🙂"),
            "Grüße, 二〇二一年, مرحبا 🙂");
}

TEST(PrintableText, ReplacesInvalidBytesOneByOne) {
  EXPECT_EQ(printable_text("a\xFF\xC3(b"), "a\xEF\xBF\xBD\xEF\xBF\xBD(b");
  EXPECT_EQ(printable_text("cut \xE4\xBA"), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(PrintableText, NamesWhatHasNoShapeAndLeavesTabAndNewline) {
  EXPECT_EQ(printable_text(std::string_view("a\0b\tc\nd\x1b", 8)), "a<U+0000>b\tc\nd<U+001B>");
  EXPECT_EQ(printable_text("\r\x7F\xC2\x80\xC2\x9F\xC2\xA0"),
            "<U+000D><U+007F><U+0080><U+009F>\xC2\xA0");
  EXPECT_EQ(printable_text("\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBD"), "<U+FFFE><U+FFFF>\xEF\xBF\xBD");
  EXPECT_EQ(printable_text("\xEF\xB7\x90\xEF\xB7\xAF\xF4\x8F\xBF\xBF"),
            "<U+FDD0><U+FDEF><U+10FFFF>");
}

TEST(JsonForScript, CannotEndTheScriptElement) {
  const Json json = {{"text", "</script><!-- & ]]>"}};
  const std::string text = json_for_script(json);
  EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(Json::parse(text), json);
}

TEST(JsonForScript, SurvivesInvalidUtf8) {
  EXPECT_EQ(Json::parse(json_for_script(Json("a\xFF"))), Json("a\xEF\xBF\xBD"));
}

TEST(EncodeBase64, MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("fo"), "Zm8=");
  EXPECT_EQ(base64_of("foo"), "Zm9v");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_of("\xFB\xFF"), "+/8=");
}

TEST(RoundSignificant, KeepsTheLeadingDigits) {
  EXPECT_EQ(round_significant(123456.789, 4), 123500);
  EXPECT_EQ(round_significant(-0.00123456, 3), -0.00123);
  EXPECT_EQ(round_significant(0.0, 3), 0.0);
  EXPECT_EQ(round_significant(std::numeric_limits<double>::denorm_min(), 3), 4.94e-324);
}

TEST(Html, IsEscapedInLinearTime) {
  expect_linear_time("HTML", [](const std::string& text) { escape_html(text); });
}

}  // namespace
}  // namespace heed
