#include "heed/data/date_corpus.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {
namespace {

std::set<std::string> dates_of(const std::vector<TextPair>& pairs) {
  std::set<std::string> dates;
  for (const TextPair& pair : pairs) {
    dates.insert(pair.target);
  }
  return dates;
}

std::chrono::year_month_day parse_iso(const std::string& iso) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  EXPECT_EQ(std::sscanf(iso.c_str(), "%4d-%2u-%2u", &year, &month, &day), 3) << iso;
  return {std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
}

// The form that wrote each pair, counted. A pair that several forms write alike (May has no
// abbreviation) counts for each of them.
std::map<const DateForm*, int> form_counts(const std::vector<TextPair>& pairs) {
  std::map<const DateForm*, int> counts;
  for (const TextPair& pair : pairs) {
    const std::chrono::year_month_day date = parse_iso(pair.target);
    bool found = false;
    for (const DateForm& form : date_forms()) {
      if (form_applies(form, date) && write_date(form, date) == pair.source) {
        ++counts[&form];
        found = true;
      }
    }
    EXPECT_TRUE(found) << pair.source << " is no form of " << pair.target;
  }
  return counts;
}

TEST(DateCorpus, HasTheSizesAskedFor) {
  const DateCorpus corpus = make_date_corpus(1);
  EXPECT_EQ(corpus.train.size(), 30000u);
  EXPECT_EQ(corpus.validation.size(), 1000u);
  EXPECT_EQ(corpus.test.size(), 1500u);
  const DateCorpus none = make_date_corpus(1, {.train = 0, .validation = 0, .test = 0});
  EXPECT_TRUE(none.train.empty() && none.validation.empty() && none.test.empty());
}

TEST(DateCorpus, NoDateStandsInTwoSplits) {
  // More training pairs than days, so that every day that is left is used.
  const DateCorpus corpus = make_date_corpus(7, {.train = 80000, .validation = 1000, .test = 1500});
  const std::set<std::string> train = dates_of(corpus.train);
  const std::set<std::string> validation = dates_of(corpus.validation);
  const std::set<std::string> test = dates_of(corpus.test);
  EXPECT_EQ(test.size(), 1500u);
  EXPECT_EQ(validation.size(), 1000u);
  EXPECT_EQ(train.size(), 73049u - 2500u);
  std::set<std::string> all = train;
  all.insert(validation.begin(), validation.end());
  all.insert(test.begin(), test.end());
  EXPECT_EQ(all.size(), 73049u);
  EXPECT_EQ(*all.begin(), "1900-01-01");
  EXPECT_EQ(*all.rbegin(), "2099-12-31");
  EXPECT_TRUE(all.contains("2000-02-29"));
  EXPECT_FALSE(all.contains("1900-02-29"));
}

TEST(DateCorpus, EveryFormTakesItsTurnInEverySplit) {
  const DateCorpus corpus = make_date_corpus(2, {.train = 3000, .validation = 1000, .test = 1500});
  int training_deck = 0;
  for (const DateForm& form : date_forms()) {
    training_deck += form.training_turns;
  }
  for (const auto* pairs : {&corpus.train, &corpus.validation, &corpus.test}) {
    const bool training = pairs == &corpus.train;
    const int deck = training ? training_deck : static_cast<int>(date_forms().size());
    const std::map<const DateForm*, int> counts = form_counts(*pairs);
    for (const DateForm& form : date_forms()) {
      const auto count = counts.find(&form);
      ASSERT_NE(count, counts.end()) << form.pattern;
      const int turns =
          static_cast<int>(pairs->size()) / deck * (training ? form.training_turns : 1);
      EXPECT_GE(count->second, turns - 2) << form.pattern;
      if (form.training_turns > 1) {  // whose texts no other form writes alike
        EXPECT_LE(count->second, turns + form.training_turns) << form.pattern;
      }
    }
  }
}

TEST(DateCorpus, IsValidUtf8WithoutLineBreaks) {
  const DateCorpus corpus = make_date_corpus(3);
  for (const auto* pairs : {&corpus.train, &corpus.validation, &corpus.test}) {
    for (const TextPair& pair : *pairs) {
      ASSERT_FALSE(find_invalid_utf8(pair.source)) << pair.source;
      ASSERT_EQ(pair.source.find_first_of("\r\n\t"), std::string::npos) << pair.source;
      ASSERT_EQ(pair.target.size(), 10u) << pair.target;
      ASSERT_LE(decode_utf8(pair.source).size(), 64u) << pair.source;
    }
  }
}

TEST(DateCorpus, TheSeedDecides) {
  const DateCorpusSizes sizes = {.train = 500, .validation = 50, .test = 50};
  const DateCorpus first = make_date_corpus(1, sizes);
  const DateCorpus again = make_date_corpus(1, sizes);
  const DateCorpus other = make_date_corpus(2, sizes);
  EXPECT_EQ(first.train, again.train);
  EXPECT_EQ(first.validation, again.validation);
  EXPECT_EQ(first.test, again.test);
  EXPECT_NE(first.train, other.train);
  EXPECT_NE(first.test, other.test);
}

TEST(DateCorpus, RefusesSizesThatLeaveNoDateForTraining) {
  EXPECT_THROW(make_date_corpus(1, {.train = 1, .validation = 1000, .test = 72049}), Error);
  EXPECT_THROW(make_date_corpus(1, {.train = 1, .validation = 0, .test = 80000}), Error);
  EXPECT_EQ(make_date_corpus(1, {.train = 3, .validation = 1000, .test = 72048}).train.size(), 3u);
}

}  // namespace
}  // namespace heed
