#include "heed/data/date_forms.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

year_month_day day_of(int year, unsigned month, unsigned day) {
  return year_month_day(std::chrono::year(year), std::chrono::month(month), std::chrono::day(day));
}

// The date in every form of a language that applies.
std::vector<std::string> all_written(DateLanguage language, year_month_day date) {
  std::vector<std::string> texts;
  for (const DateForm& form : date_forms()) {
    if (form.language == language && form_applies(form, date)) {
      texts.push_back(write_date(form, date));
    }
  }
  return texts;
}

TEST(DateForms, English) {
  EXPECT_EQ(all_written(DateLanguage::english, day_of(2021, 3, 3)),
            (std::vector<std::string>{"2021-03-03",
                                      "Wed 2021-03-03",
                                      "2021/03/03",
                                      "2021-Mar-03",
                                      "2021 March 3",
                                      "March 3, 2021",
                                      "Wednesday, March 3, 2021",
                                      "March 3, 2021 (Wednesday)",
                                      "Mar 3, 2021",
                                      "Mar. 3, 2021",
                                      "Wed, Mar. 3, 2021",
                                      "March 3rd, 2021",
                                      "Mar 3rd 2021",
                                      "Wed Mar 3 2021",
                                      "3 March 2021",
                                      "Wednesday, 3 March 2021",
                                      "3 Mar 2021",
                                      "Wed, 03 Mar 2021",
                                      "03-Mar-2021",
                                      "03MAR2021",
                                      "3rd March 2021",
                                      "Wednesday 3rd March, 2021",
                                      "3rd of Mar 2021",
                                      "the 3rd of March, 2021",
                                      "Wednesday the 3rd of March 2021",
                                      "on Wednesday, the 3rd of March 2021",
                                      "MARCH 3, 2021",
                                      "WEDNESDAY, MARCH 3, 2021",
                                      "march 3rd, 2021",
                                      "wed, 3 mar 2021",
                                      "3/3/2021",
                                      "03/03/2021",
                                      "the third of March, 2021",
                                      "March the third, 2021",
                                      "third of March twenty twenty-one",
                                      "March 3rd, twenty twenty-one"}));
}

TEST(DateForms, German) {
  EXPECT_EQ(all_written(DateLanguage::german, day_of(2021, 3, 3)),
            (std::vector<std::string>{"3. März 2021",
                                      "03. März 2021",
                                      "Mittwoch, 3. März 2021",
                                      "Mittwoch, den 3. März 2021",
                                      "am Mittwoch, dem 3. März 2021",
                                      "Mittwoch, der 3. März 2021",
                                      "3. März 2021 (Mittwoch)",
                                      "den 3. März 2021",
                                      "vom 3. März 2021",
                                      "am 3. März im Jahr 2021",
                                      "Mi., 3. März 2021",
                                      "Mi, 3. Mrz. 2021",
                                      "3. Mrz. 2021",
                                      "03 Mär 2021",
                                      "03-Mär-2021",
                                      "03.03.2021",
                                      "3.3.2021",
                                      "3. 3. 2021",
                                      "Mi, 03.03.2021",
                                      "Mittwoch, 03.03.2021",
                                      "Mittwoch, 3.3.2021",
                                      "3. III. 2021",
                                      "3.III.2021",
                                      "3. MÄRZ 2021",
                                      "MITTWOCH, 3. MÄRZ 2021",
                                      "3. märz 2021",
                                      "mittwoch, den 3. märz 2021",
                                      "dritter März 2021",
                                      "am dritten März 2021",
                                      "Mittwoch, der dritte März 2021",
                                      "dritter März zweitausendeinundzwanzig",
                                      "3. März zweitausendeinundzwanzig"}));
}

TEST(DateForms, Chinese) {
  EXPECT_EQ(all_written(DateLanguage::chinese, day_of(2021, 3, 3)),
            (std::vector<std::string>{"2021年3月3日",
                                      "2021年3月3日星期三",
                                      "2021年3月3日 周三",
                                      "2021年3月3日（周三）",
                                      "星期三，2021年3月3日",
                                      "2021年03月03日",
                                      "2021年3月3号",
                                      "2021年3月3号 星期三",
                                      "2021 年 3 月 3 日",
                                      "公元2021年3月3日",
                                      "２０２１年３月３日",
                                      "2021年三月三日",
                                      "二〇二一年三月三日",
                                      "二〇二一年三月三日星期三",
                                      "二〇二一年三月三日，周三",
                                      "西元二〇二一年三月三日",
                                      "二〇二一年三月三号",
                                      "二零二一年三月三日",
                                      "二零二一年三月三日 周三",
                                      "星期三 二零二一年三月三号",
                                      "2021/3/3 周三",
                                      "2021.3.3"}));
}

// The first text of a pattern in its language for every date given, one per line.
std::string lines(DateLanguage language, std::string_view pattern,
                  const std::vector<year_month_day>& dates) {
  std::string result;
  for (const year_month_day date : dates) {
    result += write_date({language, pattern}, date) + "\n";
  }
  return result;
}

TEST(DateForms, NamesOfAllMonths) {
  std::vector<year_month_day> dates;
  for (unsigned month = 1; month <= 12; ++month) {
    dates.push_back(day_of(2000 + static_cast<int>(month), month, 9));
  }
  EXPECT_EQ(lines(DateLanguage::english, "{month_two} {month} {month_short} {month_dotted}", dates),
            "01 January Jan Jan.\n02 February Feb Feb.\n03 March Mar Mar.\n04 April Apr Apr.\n"
            "05 May May May\n06 June Jun June\n07 July Jul July\n08 August Aug Aug.\n"
            "09 September Sep Sept.\n10 October Oct Oct.\n11 November Nov Nov.\n"
            "12 December Dec Dec.\n");
  EXPECT_EQ(lines(DateLanguage::german, "{month_two} {month} {month_short} {month_dotted}", dates),
            "01 Januar Jan Jan.\n02 Februar Feb Feb.\n03 März Mär Mrz.\n04 April Apr Apr.\n"
            "05 Mai Mai Mai\n06 Juni Jun Jun.\n07 Juli Jul Jul.\n08 August Aug Aug.\n"
            "09 September Sep Sept.\n10 Oktober Okt Okt.\n11 November Nov Nov.\n"
            "12 Dezember Dez Dez.\n");
  EXPECT_EQ(lines(DateLanguage::chinese, "{month_number}{month_words}{month_wide}", dates),
            "1一１\n2二２\n3三３\n4四４\n5五５\n6六６\n7七７\n8八８\n9九９\n10十１０\n11十一１１\n"
            "12十二１２\n");
}

TEST(DateForms, WeekdaysAreTrue) {
  // A moon landing, a wall that fell, and others whose weekday the history books tell.
  const std::vector<year_month_day> dates = {day_of(1969, 7, 20),   // Sunday
                                             day_of(1929, 10, 28),  // Black Monday
                                             day_of(2001, 9, 11),   // Tuesday
                                             day_of(1914, 7, 29),   // Wednesday
                                             day_of(1989, 11, 9),   // Thursday
                                             day_of(1963, 11, 22),  // Friday
                                             day_of(2000, 1, 1)};   // Saturday
  EXPECT_EQ(lines(DateLanguage::english, "{weekday} {weekday_short}", dates),
            "Sunday Sun\nMonday Mon\nTuesday Tue\nWednesday Wed\nThursday Thu\nFriday Fri\n"
            "Saturday Sat\n");
  EXPECT_EQ(lines(DateLanguage::german, "{weekday} {weekday_short}", dates),
            "Sonntag So\nMontag Mo\nDienstag Di\nMittwoch Mi\nDonnerstag Do\nFreitag Fr\n"
            "Samstag Sa\n");
  EXPECT_EQ(lines(DateLanguage::chinese, "{weekday} {weekday_short}", dates),
            "星期日 周日\n星期一 周一\n星期二 周二\n星期三 周三\n星期四 周四\n星期五 周五\n"
            "星期六 周六\n");
}

TEST(DateForms, WeekdaysAgreeWithZellersCongruence) {
  const std::vector<std::string> from_saturday = {"Saturday",  "Sunday",   "Monday", "Tuesday",
                                                  "Wednesday", "Thursday", "Friday"};
  for (sys_days day = day_of(1900, 1, 1); day <= sys_days(day_of(2099, 12, 31));
       day += std::chrono::days(1)) {
    const year_month_day date(day);
    const bool early = unsigned{date.month()} < 3;
    const int month = static_cast<int>(unsigned{date.month()}) + (early ? 12 : 0);
    const int year = int{date.year()} - (early ? 1 : 0);
    const int number = (static_cast<int>(unsigned{date.day()}) + 13 * (month + 1) / 5 + year +
                        year / 4 - year / 100 + year / 400) %
                       7;
    ASSERT_EQ(write_date({DateLanguage::english, "{weekday}"}, date),
              from_saturday[static_cast<std::size_t>(number)])
        << iso_date(date);
  }
}

TEST(DateForms, NoTextStandsForTwoDates) {
  std::unordered_map<std::string, std::string> meaning;
  for (const int year : {1900, 1901, 1910, 1911, 1919, 1990, 1999, 2000, 2002, 2009, 2020, 2021}) {
    for (sys_days day = day_of(year, 1, 1); day <= sys_days(day_of(year, 12, 31));
         day += std::chrono::days(1)) {
      const std::string iso = iso_date(day);
      for (const DateForm& form : date_forms()) {
        if (form_applies(form, day)) {
          const std::string text = write_date(form, day);
          const auto [entry, is_new] = meaning.emplace(text, iso);
          ASSERT_EQ(entry->second, iso) << text;
        }
      }
    }
  }
  EXPECT_GT(meaning.size(), 300000u);
}

TEST(DateForms, SlashesOnlyWhereDayAndMonthCannotBeConfused) {
  const DateForm month_first = {DateLanguage::english, "{month_number}/{day}/{year}",
                                LetterCase::as_written, true};
  EXPECT_EQ(write_date(month_first, day_of(2021, 12, 25)), "12/25/2021");
  EXPECT_EQ(write_date(month_first, day_of(2021, 1, 13)), "1/13/2021");
  EXPECT_EQ(write_date(month_first, day_of(2021, 12, 12)), "12/12/2021");
  EXPECT_FALSE(form_applies(month_first, day_of(2021, 1, 12)));
  EXPECT_FALSE(form_applies(month_first, day_of(2021, 4, 3)));
  EXPECT_THROW(write_date(month_first, day_of(2021, 4, 3)), Error);
  for (const DateForm& form : date_forms()) {
    const bool year_last = form.pattern.ends_with("/{year}") || form.pattern.ends_with("-{year}");
    const bool month_by_number = form.pattern.find("{month_number}") != std::string_view::npos ||
                                 form.pattern.find("{month_two}") != std::string_view::npos;
    EXPECT_EQ(form.needs_clear_order, year_last && month_by_number) << form.pattern;
  }
}

TEST(DateForms, ThereAreDozensAndEachStaysShort) {
  std::map<DateLanguage, int> counts;
  std::size_t longest = 0;
  for (const DateForm& form : date_forms()) {
    ++counts[form.language];
    // The longest names and numbers of each language meet in one of these.
    for (const auto& date : {day_of(1973, 9, 27), day_of(1977, 9, 27), day_of(1978, 9, 27)}) {
      const std::string text = write_date(form, date);
      ASSERT_FALSE(find_invalid_utf8(text)) << form.pattern;
      EXPECT_EQ(text.find_first_of("{}\n\t"), std::string::npos) << text;
      longest = std::max(longest, decode_utf8(text).size());
    }
  }
  EXPECT_GE(counts[DateLanguage::english], 20);
  EXPECT_GE(counts[DateLanguage::german], 20);
  EXPECT_GE(counts[DateLanguage::chinese], 12);
  EXPECT_LE(longest, 64u);
}

TEST(DateForms, LeapDays) {
  const DateForm form = {DateLanguage::german, "{weekday}, den {day}. {month} {year}"};
  EXPECT_EQ(write_date(form, day_of(2000, 2, 29)), "Dienstag, den 29. Februar 2000");
  EXPECT_EQ(write_date(form, day_of(2024, 2, 29)), "Donnerstag, den 29. Februar 2024");
  EXPECT_THROW(write_date(form, day_of(1900, 2, 29)), Error);
  EXPECT_THROW(write_date(form, day_of(2023, 2, 29)), Error);
}

TEST(DateForms, RefusesYearsAndFieldsThatItCannotWrite) {
  EXPECT_THROW(write_date({DateLanguage::english, "{year}"}, day_of(1899, 12, 31)), Error);
  EXPECT_THROW(write_date({DateLanguage::english, "{year}"}, day_of(2100, 1, 1)), Error);
  EXPECT_THROW(write_date({DateLanguage::english, "{century}"}, day_of(2000, 1, 1)), Error);
  EXPECT_THROW(write_date({DateLanguage::english, "{year"}, day_of(2000, 1, 1)), Error);
}

}  // namespace
}  // namespace heed
