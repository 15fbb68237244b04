#include "heed/data/date_forms.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <unordered_map>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/data/date_words.h"

namespace heed {

namespace {

using enum DateLanguage;
using enum LetterCase;

constexpr auto forms = std::to_array<DateForm>({
    {english, "{year}-{month_two}-{day_two}"},
    {english, "{weekday_short} {year}-{month_two}-{day_two}"},
    {english, "{year}/{month_two}/{day_two}"},
    {english, "{year}-{month_short}-{day_two}"},
    {english, "{year} {month} {day}"},
    {english, "{month} {day}, {year}"},
    {english, "{weekday}, {month} {day}, {year}"},
    {english, "{month} {day}, {year} ({weekday})"},
    {english, "{month_short} {day}, {year}"},
    {english, "{month_dotted} {day}, {year}"},
    {english, "{weekday_short}, {month_dotted} {day}, {year}"},
    {english, "{month} {day_ordinal}, {year}"},
    {english, "{month_short} {day_ordinal} {year}"},
    {english, "{weekday_short} {month_short} {day} {year}"},
    {english, "{day} {month} {year}"},
    {english, "{weekday}, {day} {month} {year}"},
    {english, "{day} {month_short} {year}"},
    {english, "{weekday_short}, {day_two} {month_short} {year}"},
    {english, "{day_two}-{month_short}-{year}"},
    {english, "{day_two}{month_short}{year}", upper},
    {english, "{day_ordinal} {month} {year}"},
    {english, "{weekday} {day_ordinal} {month}, {year}"},
    {english, "{day_ordinal} of {month_short} {year}"},
    {english, "the {day_ordinal} of {month}, {year}"},
    {english, "{weekday} the {day_ordinal} of {month} {year}"},
    {english, "on {weekday}, the {day_ordinal} of {month} {year}"},
    {english, "{month} {day}, {year}", upper},
    {english, "{weekday}, {month} {day}, {year}", upper},
    {english, "{month} {day_ordinal}, {year}", lower},
    {english, "{weekday_short}, {day} {month_short} {year}", lower},
    {english, "{month_number}/{day}/{year}", as_written, true},
    {english, "{day_two}/{month_two}/{year}", as_written, true},
    {english, "the {day_words} of {month}, {year}"},
    {english, "{month} the {day_words}, {year}"},
    {english, "{day_words} of {month} {year_words}", as_written, false, 3},
    {english, "{month} {day_ordinal}, {year_words}", as_written, false, 3},

    {german, "{day}. {month} {year}"},
    {german, "{day_two}. {month} {year}"},
    {german, "{weekday}, {day}. {month} {year}"},
    {german, "{weekday}, den {day}. {month} {year}"},
    {german, "am {weekday}, dem {day}. {month} {year}"},
    {german, "{weekday}, der {day}. {month} {year}"},
    {german, "{day}. {month} {year} ({weekday})"},
    {german, "den {day}. {month} {year}"},
    {german, "vom {day}. {month} {year}"},
    {german, "am {day}. {month} im Jahr {year}"},
    {german, "{weekday_short}., {day}. {month} {year}"},
    {german, "{weekday_short}, {day}. {month_dotted} {year}"},
    {german, "{day}. {month_dotted} {year}"},
    {german, "{day_two} {month_short} {year}"},
    {german, "{day_two}-{month_short}-{year}"},
    {german, "{day_two}.{month_two}.{year}"},
    {german, "{day}.{month_number}.{year}"},
    {german, "{day}. {month_number}. {year}"},
    {german, "{weekday_short}, {day_two}.{month_two}.{year}"},
    {german, "{weekday}, {day_two}.{month_two}.{year}"},
    {german, "{weekday}, {day}.{month_number}.{year}"},
    {german, "{day}. {month_roman}. {year}"},
    {german, "{day}.{month_roman}.{year}"},
    {german, "{day}. {month} {year}", upper},
    {german, "{weekday}, {day}. {month} {year}", upper},
    {german, "{day}. {month} {year}", lower},
    {german, "{weekday}, den {day}. {month} {year}", lower},
    {german, "{day_words}r {month} {year}"},
    {german, "am {day_words}n {month} {year}"},
    {german, "{weekday}, der {day_words} {month} {year}"},
    {german, "{day_words}r {month} {year_words}", as_written, false, 3},
    {german, "{day}. {month} {year_words}", as_written, false, 3},

    {chinese, "{year}年{month_number}月{day}日"},
    {chinese, "{year}年{month_number}月{day}日{weekday}"},
    {chinese, "{year}年{month_number}月{day}日 {weekday_short}"},
    {chinese, "{year}年{month_number}月{day}日（{weekday_short}）"},
    {chinese, "{weekday}，{year}年{month_number}月{day}日"},
    {chinese, "{year}年{month_two}月{day_two}日"},
    {chinese, "{year}年{month_number}月{day}号"},
    {chinese, "{year}年{month_number}月{day}号 {weekday}"},
    {chinese, "{year} 年 {month_number} 月 {day} 日"},
    {chinese, "公元{year}年{month_number}月{day}日"},
    {chinese, "{year_wide}年{month_wide}月{day_wide}日"},
    {chinese, "{year}年{month_words}月{day_words}日"},
    {chinese, "{year_words}年{month_words}月{day_words}日"},
    {chinese, "{year_words}年{month_words}月{day_words}日{weekday}"},
    {chinese, "{year_words}年{month_words}月{day_words}日，{weekday_short}"},
    {chinese, "西元{year_words}年{month_words}月{day_words}日"},
    {chinese, "{year_words}年{month_words}月{day_words}号"},
    {chinese, "{year_zero}年{month_words}月{day_words}日"},
    {chinese, "{year_zero}年{month_words}月{day_words}日 {weekday_short}"},
    {chinese, "{weekday} {year_zero}年{month_words}月{day_words}号"},
    {chinese, "{year}/{month_number}/{day} {weekday_short}"},
    {chinese, "{year}.{month_number}.{day}"},
});

struct Vocabulary {
  std::array<std::string_view, 12> months;
  std::array<std::string_view, 12> short_months;
  std::array<std::string_view, 12> dotted_months;
  std::array<std::string_view, 7> weekdays;  // Sunday first, as std::chrono counts
  std::array<std::string_view, 7> short_weekdays;
};

constexpr Vocabulary english_vocabulary = {
    {"January", "February", "March", "April", "May", "June", "July", "August", "September",
     "October", "November", "December"},
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
    {"Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.",
     "Dec."},
    {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
    {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}};

constexpr Vocabulary german_vocabulary = {
    {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
     "November", "Dezember"},
    {"Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"},
    {"Jan.", "Feb.", "Mrz.", "Apr.", "Mai", "Jun.", "Jul.", "Aug.", "Sept.", "Okt.", "Nov.",
     "Dez."},
    {"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
    {"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"}};

constexpr std::array<std::string_view, 12> chinese_months = {
    "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"};
constexpr Vocabulary chinese_vocabulary = {
    chinese_months,
    chinese_months,
    chinese_months,
    {"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"},
    {"周日", "周一", "周二", "周三", "周四", "周五", "周六"}};

const Vocabulary& vocabulary(DateLanguage language) {
  switch (language) {
    case english:
      return english_vocabulary;
    case german:
      return german_vocabulary;
    case chinese:
      return chinese_vocabulary;
  }
  fail(ErrorKind::failure, "date_forms: unknown language {}", static_cast<int>(language));
}

// What a field may speak of.
struct DateParts {
  DateLanguage language;
  const Vocabulary& words;
  int year;
  int month;
  int day;
  std::size_t weekday;
};

std::string day_words(const DateParts& date) {
  switch (date.language) {
    case english:
      return english_ordinal_word(date.day);
    case german:
      return german_ordinal_word(date.day);
    case chinese:
      return chinese_number(date.day);
  }
  fail(ErrorKind::failure, "date_forms: unknown language {}", static_cast<int>(date.language));
}

std::string year_words(const DateParts& date) {
  switch (date.language) {
    case english:
      return english_year(date.year);
    case german:
      return german_year(date.year);
    case chinese:
      return chinese_year(date.year, "〇");
  }
  fail(ErrorKind::failure, "date_forms: unknown language {}", static_cast<int>(date.language));
}

std::string_view name_of_month(const std::array<std::string_view, 12>& names,
                               const DateParts& date) {
  return names[static_cast<std::size_t>(date.month - 1)];
}

using FieldWriter = std::string (*)(const DateParts&);

const std::unordered_map<std::string_view, FieldWriter>& field_writers() {
  using Parts = const DateParts&;
  static const std::unordered_map<std::string_view, FieldWriter> writers = {
      {"year", [](Parts date) { return fmt::to_string(date.year); }},
      {"year_words", year_words},
      {"year_zero", [](Parts date) { return chinese_year(date.year, "零"); }},
      {"year_wide", [](Parts date) { return full_width_number(date.year); }},
      {"month", [](Parts date) { return std::string(name_of_month(date.words.months, date)); }},
      {"month_short",
       [](Parts date) { return std::string(name_of_month(date.words.short_months, date)); }},
      {"month_dotted",
       [](Parts date) { return std::string(name_of_month(date.words.dotted_months, date)); }},
      {"month_number", [](Parts date) { return fmt::to_string(date.month); }},
      {"month_two", [](Parts date) { return fmt::format("{:02}", date.month); }},
      {"month_roman", [](Parts date) { return roman_month(date.month); }},
      {"month_words", [](Parts date) { return chinese_number(date.month); }},
      {"month_wide", [](Parts date) { return full_width_number(date.month); }},
      {"day", [](Parts date) { return fmt::to_string(date.day); }},
      {"day_two", [](Parts date) { return fmt::format("{:02}", date.day); }},
      {"day_ordinal", [](Parts date) { return english_ordinal_digits(date.day); }},
      {"day_words", day_words},
      {"day_wide", [](Parts date) { return full_width_number(date.day); }},
      {"weekday", [](Parts date) { return std::string(date.words.weekdays[date.weekday]); }},
      {"weekday_short",
       [](Parts date) { return std::string(date.words.short_weekdays[date.weekday]); }},
  };
  return writers;
}

std::string field_text(std::string_view name, const DateParts& date) {
  const auto writer = field_writers().find(name);
  check(writer != field_writers().end(), "date_forms: no field is called {{{}}}", name);
  return writer->second(date);
}

// Capitals for the letters of English and German names; the forms in capitals hold no ß.
std::string to_upper(std::string_view text) {
  std::string result;
  for (const char32_t letter : decode_utf8(text)) {
    const bool ascii = letter >= U'a' && letter <= U'z';
    const bool umlaut = letter == U'ä' || letter == U'ö' || letter == U'ü';
    result += encode_utf8(ascii || umlaut ? letter - (U'a' - U'A') : letter);
  }
  return result;
}

std::string fill_pattern(std::string_view pattern, const DateParts& date) {
  std::string text;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    text.append(pattern.substr(0, open));
    if (open == std::string_view::npos) {
      break;
    }
    const std::size_t close = pattern.find('}', open);
    check(close != std::string_view::npos, "date_forms: a field is not closed in '{}'", pattern);
    text.append(field_text(pattern.substr(open + 1, close - open - 1), date));
    pattern.remove_prefix(close + 1);
  }
  return text;
}

}  // namespace

std::span<const DateForm> date_forms() {
  return forms;
}

bool form_applies(const DateForm& form, std::chrono::year_month_day date) {
  const unsigned day = unsigned{date.day()};
  return !form.needs_clear_order || day > 12 || day == unsigned{date.month()};
}

std::string write_date(const DateForm& form, std::chrono::year_month_day date) {
  const int year = int{date.year()};
  check(date.ok() && year >= first_date_year && year <= last_date_year,
        "write_date: {} is not a date of the years {} to {}", iso_date(date), first_date_year,
        last_date_year);
  check(form_applies(form, date),
        "write_date: '{}' would leave the order of day and month open for {}", form.pattern,
        iso_date(date));
  const DateParts parts = {form.language,
                           vocabulary(form.language),
                           year,
                           static_cast<int>(unsigned{date.month()}),
                           static_cast<int>(unsigned{date.day()}),
                           std::chrono::weekday(std::chrono::sys_days(date)).c_encoding()};
  const std::string text = fill_pattern(form.pattern, parts);
  switch (form.letter_case) {
    case lower:
      return to_lower(text);
    case upper:
      return to_upper(text);
    case as_written:
      break;
  }
  return text;
}

std::string iso_date(std::chrono::year_month_day date) {
  return fmt::format("{:04}-{:02}-{:02}", int{date.year()}, unsigned{date.month()},
                     unsigned{date.day()});
}

}  // namespace heed
