#include "heed/data/date_words.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "heed/base/error.h"

namespace heed {
namespace {

// The texts of lowest … highest, separated by spaces.
template <typename Write>
std::string written(Write write, int lowest, int highest) {
  std::vector<std::string> texts;
  for (int number = lowest; number <= highest; ++number) {
    texts.push_back(write(number));
  }
  return fmt::format("{}", fmt::join(texts, " "));
}

TEST(DateWords, EnglishOrdinalsOfAMonth) {
  EXPECT_EQ(written(english_ordinal_word, 1, 31),
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
            "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth "
            "twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth "
            "twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first");
  EXPECT_EQ(written(english_ordinal_digits, 1, 31),
            "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th "
            "20th 21st 22nd 23rd 24th 25th 26th 27th 28th 29th 30th 31st");
}

TEST(DateWords, GermanOrdinalsOfAMonth) {
  EXPECT_EQ(written(german_ordinal_word, 1, 31),
            "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte "
            "dreizehnte vierzehnte fünfzehnte sechzehnte siebzehnte achtzehnte neunzehnte "
            "zwanzigste einundzwanzigste zweiundzwanzigste dreiundzwanzigste vierundzwanzigste "
            "fünfundzwanzigste sechsundzwanzigste siebenundzwanzigste achtundzwanzigste "
            "neunundzwanzigste dreißigste einunddreißigste");
}

TEST(DateWords, ChineseAndRomanNumerals) {
  EXPECT_EQ(
      written(chinese_number, 1, 31),
      "一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 十六 十七 十八 十九 二十 二十一 "
      "二十二 二十三 二十四 二十五 二十六 二十七 二十八 二十九 三十 三十一");
  EXPECT_EQ(chinese_year(2005, "〇"), "二〇〇五");
  EXPECT_EQ(chinese_year(1984, "零"), "一九八四");
  EXPECT_EQ(chinese_year(2070, "零"), "二零七零");
  EXPECT_EQ(full_width_number(1096), "１０９６");
  EXPECT_EQ(full_width_number(2835), "２８３５");
  EXPECT_EQ(full_width_number(7), "７");
  EXPECT_EQ(written(roman_month, 1, 12), "I II III IV V VI VII VIII IX X XI XII");
}

TEST(DateWords, YearsAsTheyAreSpoken) {
  EXPECT_EQ(english_year(1900), "nineteen hundred");
  EXPECT_EQ(english_year(1904), "nineteen oh four");
  EXPECT_EQ(english_year(1917), "nineteen seventeen");
  EXPECT_EQ(english_year(1940), "nineteen forty");
  EXPECT_EQ(english_year(1984), "nineteen eighty-four");
  EXPECT_EQ(english_year(2000), "two thousand");
  EXPECT_EQ(english_year(2007), "two thousand and seven");
  EXPECT_EQ(english_year(2010), "twenty ten");
  EXPECT_EQ(english_year(2021), "twenty twenty-one");
  EXPECT_EQ(english_year(2099), "twenty ninety-nine");
  EXPECT_EQ(german_year(1900), "neunzehnhundert");
  EXPECT_EQ(german_year(1901), "neunzehnhunderteins");
  EXPECT_EQ(german_year(1917), "neunzehnhundertsiebzehn");
  EXPECT_EQ(german_year(1984), "neunzehnhundertvierundachtzig");
  EXPECT_EQ(german_year(2000), "zweitausend");
  EXPECT_EQ(german_year(2016), "zweitausendsechzehn");
  EXPECT_EQ(german_year(2021), "zweitausendeinundzwanzig");
  EXPECT_EQ(german_year(2060), "zweitausendsechzig");
}

TEST(DateWords, NoTwoYearsSoundTheSame) {
  std::set<std::string> english;
  std::set<std::string> german;
  for (int year = 1900; year <= 2099; ++year) {
    english.insert(english_year(year));
    german.insert(german_year(year));
  }
  EXPECT_EQ(english.size(), 200u);
  EXPECT_EQ(german.size(), 200u);
}

TEST(DateWords, RefusesNumbersOutsideTheRange) {
  EXPECT_THROW(english_ordinal_word(0), Error);
  EXPECT_THROW(english_ordinal_digits(32), Error);
  EXPECT_THROW(english_year(1899), Error);
  EXPECT_THROW(german_ordinal_word(32), Error);
  EXPECT_THROW(german_year(2100), Error);
  EXPECT_THROW(chinese_number(100), Error);
  EXPECT_THROW(chinese_year(999, "〇"), Error);
  EXPECT_THROW(roman_month(13), Error);
}

}  // namespace
}  // namespace heed
