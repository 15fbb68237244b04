#include "heed/data/labelled_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "heed/data/stratified.h"
#include "heed/data/test_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LabelledTextsTest : public FileTest {
 protected:
  std::vector<LabelledText> read(const std::string& name, const std::string& content,
                                 const LabelledTextConfig& config) {
    check_labelled_text_config(config);
    const std::filesystem::path file = write(name, content);
    return read_labelled_texts({&file, 1}, config);
  }
  std::string refusal(const std::string& name, const std::string& content,
                      const LabelledTextConfig& config = {}) {
    return error_of(ErrorKind::bad_data, [&] { read(name, content, config); });
  }
};

TEST_F(LabelledTextsTest, PairsFromAHeader) {
  const auto pairs =
      read("a.tsv", "Quality\t#1 String\t#2 String\r\n1\tHe said \"so.\tSo.\r\n0\tb\tc\r\n",
           {.text = "#1 String", .second = "#2 String", .label = "Quality"});
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].text, "He said \"so.");
  EXPECT_EQ(pairs[0].second, "So.");
  EXPECT_THAT(pairs[0].labels, ElementsAre("1"));
  EXPECT_THAT(pairs[1].place, HasSubstr("a.tsv:3"));
  EXPECT_THAT(LabelSet::of(pairs, {}).names(), ElementsAre("0", "1"));
}

TEST_F(LabelledTextsTest, LabelsMayStandBeforeASign) {
  const LabelledTextConfig config{.delimiter = " ",
                                  .columns = {"label", "text"},
                                  .surplus = "join",
                                  .encoding = "latin-1",
                                  .label_until = ":"};
  const auto questions = read("a.label", "DESC:manner How did it go ?\nHUM:ind Who \xE9 ?", config);
  EXPECT_EQ(questions[0].text, "How did it go ?");
  EXPECT_EQ(questions[1].text, "Who é ?");
  EXPECT_THAT(LabelSet::of(questions, config).names(), ElementsAre("DESC", "HUM"));
}

TEST_F(LabelledTextsTest, NumbersListsAndKinds) {
  const auto scored = read("a.csv", "text,label\nx,2.5\n", {.target = "number"});
  EXPECT_EQ(scored[0].value, 2.5);
  EXPECT_THAT(refusal("a.csv", "text,label\nx,2.5x\n", {.target = "number"}),
              HasSubstr("a.csv:2: 'label' is \"2.5x\", expected a number"));
  EXPECT_THAT(refusal("a.csv", "text,label\nx,inf\n", {.target = "number"}),
              HasSubstr("expected a number"));
  const auto tagged = read("b.jsonl",
                           "{\"text\": \"x\", \"label\": [\"b\", \"a\", \"b\"]}\n"
                           "{\"text\": \"y\", \"label\": []}\n",
                           {.target = "classes"});
  EXPECT_THAT(tagged[0].labels, ElementsAre("a", "b"));
  EXPECT_THAT(tagged[1].labels, ElementsAre());
  const auto listed = read("c.csv", "text,label\nx,\"a,b\"\ny,\n", {.target = "classes"});
  EXPECT_THAT(listed[0].labels, ElementsAre("a", "b"));
  EXPECT_THAT(listed[1].labels, ElementsAre());
}

TEST_F(LabelledTextsTest, LabelsThatAreMissingEmptyOrMixed) {
  EXPECT_THAT(refusal("a.tsv", "text\tlabel\nx\ty\nx\t\n"), HasSubstr("a.tsv:3: 'label' is empty"));
  EXPECT_THAT(refusal("a.tsv", "text\tlabel\n\ty\n"), HasSubstr("a.tsv:2: 'text' is empty"));
  EXPECT_THAT(refusal("a.tsv", "text\tclass\nx\ty\n"),
              HasSubstr("a.tsv:2: no column 'label'; there are text, class"));
  EXPECT_THAT(
      refusal("a.jsonl", "{\"text\": \"x\", \"label\": \"1\"}\n{\"text\": \"x\", \"label\": 1}\n"),
      HasSubstr("a.jsonl:2: 'label' is a number, but at "));
  EXPECT_THAT(refusal("a.jsonl", "{\"text\": \"x\", \"label\": null}\n"),
              HasSubstr("a.jsonl:1: 'label' is something else, expected a label"));
  EXPECT_THAT(refusal("a.jsonl", "{\"text\": \"x\", \"label\": 1.5}\n"),
              HasSubstr("target: number?"));
  EXPECT_THAT(refusal("a.jsonl", "{\"text\": 7, \"label\": 1}\n"),
              HasSubstr("'text' is a number, expected text"));
  EXPECT_THAT(refusal("a.tsv", "text\tlabel\n"), HasSubstr("a.tsv: holds no examples"));
}

TEST_F(LabelledTextsTest, OneClassAndForeignLabels) {
  const auto same = read("a.tsv", "text\tlabel\nx\tyes\ny\tyes\n", {});
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { LabelSet::of(same, {}); }),
              HasSubstr("every example is 'yes'"));
  EXPECT_EQ(LabelSet::of(same, {.labels = {"yes", "no"}}).number_of("no", ""), 1);
  const LabelSet labels({"no", "yes"});
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { labels.number_of("perhaps", "test.tsv:7"); }),
              HasSubstr("test.tsv:7: label 'perhaps' does not occur in the training data (there "
                        "are no, yes)"));
  EXPECT_THAT(error_of(ErrorKind::bad_data,
                       [] {
                         LabelSet({"a", "b", "a"});
                       }),
              HasSubstr("'a' stands there twice"));
}

TEST_F(LabelledTextsTest, WholeNumbersAreSortedByValue) {
  const auto rows = read("a.tsv", "text\tlabel\nx\t10\ny\t9\nz\t-1\n", {});
  EXPECT_THAT(LabelSet::of(rows, {}).names(), ElementsAre("-1", "9", "10"));
}

TEST(Stratified, EveryClassHasItsShare) {
  std::vector<std::string> classes(100, "a");
  for (std::size_t i = 0; i < 30; ++i) {
    classes[i * 3] = "b";
  }
  classes[50] = "c";
  const auto chosen = stratified_share(classes, 0.1, 1);
  EXPECT_EQ(chosen.size(), 10u);
  EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
  std::multiset<std::string> found;
  for (const std::uint32_t i : chosen) {
    found.insert(classes[i]);
  }
  EXPECT_EQ(found.count("b"), 3u);
  EXPECT_EQ(found.count("a"), 7u);
  EXPECT_EQ(stratified_share(classes, 0.1, 1), chosen);
  EXPECT_NE(stratified_share(classes, 0.1, 2), chosen);
  const auto few = some_of_each(classes, 8, 1);
  EXPECT_EQ(few.size(), 17u);
  const std::vector<double> values = {5, 1, 4, 2, 3, 9, 8, 7, 6, 0};
  EXPECT_THAT(classes_by_value(values),
              ElementsAre("5", "1", "4", "2", "3", "9", "8", "7", "6", "0"));
}

}  // namespace
}  // namespace heed
