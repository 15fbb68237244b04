#include "heed/data/corpus_check.h"

#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/random.h"
#include "heed/base/unicode.h"
#include "heed/data/finding_list.h"
#include "heed/data/test_files.h"
#include "heed/data/text_signs.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Sentences of two made-up languages that share no frequent word, alike in length.
std::string made_up_line(Random& random, const std::vector<std::string>& words,
                         std::uint64_t length) {
  std::string line;
  for (std::uint64_t i = 0; i < length; ++i) {
    line += words[random.below(words.size())] + " ";
  }
  return line + ".";
}

class CorpusCheckTest : public FileTest {
 protected:
  void SetUp() override {
    const std::vector<std::string> english{"the",   "dog",   "runs", "on",
                                           "green", "grass", "and",  "a"};
    const std::vector<std::string> german{"der", "Hund", "läuft", "auf", "grünem", "Gras", "und"};
    Random random(2);
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t length = 6 + random.below(8);
      source.push_back(made_up_line(random, english, length));
      target.push_back(made_up_line(random, german, length));
    }
  }

  static std::string join(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
      text += line + "\n";
    }
    return text;
  }

  CorpusReport check() {
    CorpusFiles files;
    files.source = {write("en", join(source))};
    files.target = {write("de", join(target))};
    return check_corpus(ParallelCorpus(files), 3);
  }

  // The lines of the examples of each finding.
  static std::map<std::string, std::vector<std::int64_t>> lines_by_kind(
      const CorpusReport& report) {
    std::map<std::string, std::vector<std::int64_t>> lines;
    for (const Finding& finding : report.findings) {
      for (const FindingExample& example : finding.examples) {
        lines[finding.kind].push_back(example.line);
      }
    }
    return lines;
  }

  std::vector<std::string> source;
  std::vector<std::string> target;
};

TEST_F(CorpusCheckTest, FindsNothingInACleanCorpus) {
  const CorpusReport report = check();
  EXPECT_TRUE(report.findings.empty()) << report_text(report);
  EXPECT_TRUE(report.usable());
  EXPECT_EQ(report.pairs, 200);
  EXPECT_THAT(report_text(report), HasSubstr("nothing odd was found"));
}

TEST_F(CorpusCheckTest, FindsEachOddityAtItsLine) {
  using Lines = std::vector<std::int64_t>;
  std::map<std::string, Lines> expected;
  const auto set = [&](std::size_t line, const std::string& kind, std::string new_source,
                       std::string new_target) {
    source[line - 1] = std::move(new_source);
    target[line - 1] = std::move(new_target);
    expected[kind].push_back(static_cast<std::int64_t>(line));
  };
  set(3, "empty_source", "", target[2]);
  set(4, "empty_target", source[3], "  ");
  expected["outer_white_space"].push_back(4);
  set(5, "empty_both", "", "");
  set(6, "identical_sides", "qwertz uiop", "qwertz uiop");
  set(8, "duplicate_pairs", source[6], target[6]);
  set(9, "different_targets", source[6], target[20]);
  set(11, "swapped_sides", target[10], source[10]);
  set(12, "source_in_other_language", target[50], target[11]);
  set(13, "target_in_other_language", source[12], source[51]);
  set(14, "other_script", "собака бежит по траве и лает", target[13]);
  set(15, "length_ratio", source[14] + source[15] + source[16] + source[17] + source[18], "Hund .");
  set(16, "doubly_encoded", source[15], "der Hund lÃ¤uft auf grÃ¼nem Gras .");
  set(17, "replacement_character", source[16], "der Hund l\uFFFDuft auf gr\uFFFDnem Gras .");
  set(18, "control_character", "the dog\x07 runs on green grass .", target[17]);
  set(19, "outer_white_space", " the dog runs on green grass and", target[18]);
  const CorpusReport report = check();
  EXPECT_EQ(lines_by_kind(report), expected) << report_text(report);
  EXPECT_TRUE(report.usable());
  EXPECT_THAT(report_text(report), HasSubstr("odd: pairs occurred before: 1\n  line 8: as line 7"));
}

TEST_F(CorpusCheckTest, GoesOnAfterWhatMakesTheCorpusUnusable) {
  source[4] = "broken \xff text";
  target[9] = std::string("a\0b", 3);
  source[19] = std::string(1'500'000, 'x');
  source.resize(190);
  const CorpusReport report = check();
  EXPECT_FALSE(report.usable());
  const std::map<std::string, std::vector<std::int64_t>> expected{
      {"invalid_utf8", {5}}, {"nul_byte", {10}}, {"line_too_long", {20}}, {"line_counts", {191}}};
  EXPECT_EQ(lines_by_kind(report), expected);
  EXPECT_EQ(report.source.lines, 190);
  EXPECT_EQ(report.target.lines, 200);
  EXPECT_THAT(report_text(report), HasSubstr("190 source lines, 200 target lines"));
  EXPECT_THAT(report_text(report), HasSubstr("source, byte 7: broken \\xFF text"));
  EXPECT_THAT(report_text(report), HasSubstr("cannot be used"));
}

TEST_F(CorpusCheckTest, KeepsFewExamplesAndCountsAll) {
  for (std::size_t i = 0; i < 100; ++i) {
    target[i] = "";
  }
  const CorpusReport report = check();
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].kind, "empty_target");
  EXPECT_EQ(report.findings[0].count, 100);
  EXPECT_EQ(report.findings[0].examples.size(), 3u);
}

TEST_F(CorpusCheckTest, NamesTheFirstLineThatIsRepeated) {
  for (std::size_t i = 100; i < 110; ++i) {
    source[i] = source[40];
  }
  for (const std::size_t i : {60, 70, 80}) {
    source[i] = source[30];
    target[i] = target[30];
  }
  const CorpusReport report = check();
  ASSERT_EQ(report.findings.size(), 2u) << report_text(report);
  EXPECT_EQ(report.findings[0].kind, "duplicate_pairs");
  EXPECT_EQ(report.findings[0].count, 3);
  EXPECT_EQ(report.findings[1].kind, "different_targets");
  EXPECT_EQ(report.findings[1].count, 10);
  for (const FindingExample& example : report.findings[0].examples) {
    EXPECT_EQ(example.note, "as line 31");
  }
  for (const FindingExample& example : report.findings[1].examples) {
    EXPECT_EQ(example.note, "the source of line 41");
  }
}

TEST_F(CorpusCheckTest, SumsUpLengths) {
  source.clear();
  target.clear();
  for (int i = 1; i <= 100; ++i) {
    std::string line = fmt::format("a{}", i);
    for (int word = 1; word < i; ++word) {
      line += " b";
    }
    source.push_back(line);
    target.push_back(fmt::format("c{}", i));
  }
  const CorpusReport report = check();
  EXPECT_DOUBLE_EQ(report.source.words.mean, 50.5);
  EXPECT_EQ(report.source.words.median, 50);
  EXPECT_EQ(report.source.words.percentile_90, 90);
  EXPECT_EQ(report.source.words.percentile_99, 99);
  EXPECT_EQ(report.source.words.longest, 100);
  EXPECT_EQ(report.source.characters.longest, 4 + 99 * 2);
  ASSERT_EQ(report.source.longest_lines.size(), 3u);
  EXPECT_EQ(report.source.longest_lines[0].line, 100);
  EXPECT_EQ(report.target.words.longest, 1);
}

TEST_F(CorpusCheckTest, ReadsTablesAndSeveralFiles) {
  CorpusFiles table;
  table.table = {write("t.tsv", "one\teins\ntwo\nthree\tdrei\n")};
  const CorpusReport report = check_corpus(ParallelCorpus(table));
  EXPECT_EQ(report.pairs, 2);
  EXPECT_FALSE(report.usable());
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].kind, "missing_column");
  EXPECT_EQ(report.findings[0].examples[0].line, 2);
  CorpusFiles files;
  files.source = {write("a", "one\n"), write_gzip("b.gz", "two\n")};
  files.target = {write("c", "eins\n"), write("d", "zwei\n")};
  EXPECT_EQ(check_corpus(ParallelCorpus(files)).pairs, 2);
}

TEST_F(CorpusCheckTest, AnEmptyCorpusIsUnusable) {
  source.clear();
  target.clear();
  const CorpusReport report = check();
  EXPECT_FALSE(report.usable());
  EXPECT_EQ(report.findings.at(0).kind, "no_lines");
}

TEST_F(CorpusCheckTest, SaysTheSameInJson) {
  source[0] = "";
  source[4] = "broken \xff text";
  const Json json = report_json(check());
  EXPECT_EQ(json["usable"], false);
  EXPECT_EQ(json["pairs"], 200);
  EXPECT_EQ(json["source"]["lines"], 200);
  EXPECT_EQ(json["findings"][0]["kind"], "invalid_utf8");
  EXPECT_EQ(json["findings"][1]["examples"][0]["line"], 1);
  EXPECT_NO_THROW(json.dump());  // which refuses invalid UTF-8
}

TEST_F(CorpusCheckTest, SurvivesAnyBytes) {
  Random random(8);
  for (int round = 0; round < 30; ++round) {
    std::string bytes(2000, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random.below(8) == 0 ? '\n' : random.below(256));
    }
    CorpusFiles files;
    files.source = {write("en", bytes)};
    files.target = {write("de", bytes.substr(random.below(1000)))};
    const CorpusReport report = check_corpus(ParallelCorpus(files));
    EXPECT_FALSE(report.usable());
    EXPECT_FALSE(find_invalid_utf8(report_text(report)));
    EXPECT_NO_THROW(report_json(report).dump());
  }
}

TEST(TextSigns, TellDoubleEncodingFromLetters) {
  const auto looks = [](std::string_view text) { return looks_doubly_encoded(decode_utf8(text)); };
  for (const char* text : {"lÃ¤uft", "StraÃŸe", "donâ€™t", "Â«", "Ð¿Ñ€Ð¸", "ÃƒÂ¤"}) {
    EXPECT_TRUE(looks(text)) << text;
  }
  for (const char* text : {"läuft", "Straße", "don’t", "«oui»", "привет", "ÉTÉ”", "São Paulo",
                           "Ångström", "30 Ä", "Â", "â", ""}) {
    EXPECT_FALSE(looks(text)) << text;
  }
}

TEST(TextSigns, ExcerptsAreShortAndHarmless) {
  EXPECT_EQ(excerpt("Grüße"), "Grüße");
  EXPECT_EQ(excerpt("a\x1b[31m\t\x7f\u0085"), "a\\x1B[31m\\x09\\x7F\\xC2\\x85");
  EXPECT_EQ(excerpt("\xff\xC3"), "\\xFF\\xC3");
  std::string longer;
  for (int i = 0; i < 61; ++i) {
    longer += "ä";
  }
  EXPECT_EQ(excerpt(longer), longer.substr(0, 120) + "…");
}

}  // namespace
}  // namespace heed
