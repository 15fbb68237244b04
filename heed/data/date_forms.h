// The forms in which people write a day of the calendar in English, German and Chinese.
//
// A careful human can turn every written form back into one day, without context. Left out
// therefore, because no reader can know what was meant:
//   - two-digit years: "3.3.21" may be 1921 or 2021;
//   - "3/4/2021" and "3-4-2021", which are the 3rd of April in London and March 4 in Boston. Forms
//     with slashes are written only for days that leave no doubt: 12/25/2021 and 25/12/2021 (there
//     is no month 25), 3/3/2021 (both readings agree). Dots (3.4.2021) always mean day, month,
//     year, and a year in front (2021/3/4) always means year, month, day;
//   - calendars other than the Gregorian (民国110年, 农历), and relative days ("last Friday").
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace heed {

enum class DateLanguage { english, german, chinese };
enum class LetterCase { as_written, lower, upper };

// The years that the forms can write.
constexpr int first_date_year = 1900;
constexpr int last_date_year = 2099;

struct DateForm {
  DateLanguage language;
  // Text with fields in braces, "{weekday}, {month} {day}, {year}". Fields of every language:
  //   year  month month_short month_dotted month_number month_two month_roman
  //   day day_two day_words  year_words  weekday weekday_short
  // where `_two` pads to two digits and `_words` spells out; of English also day_ordinal ("3rd"),
  // of Chinese also year_zero (二零二一), year_wide, month_wide, day_wide (full-width digits).
  std::string_view pattern;
  LetterCase letter_case = LetterCase::as_written;
  // Only for days whose number cannot be taken for another month.
  bool needs_clear_order = false;
  // How often the form turns up in training for each time of a plain one: spelled-out years are two
  // hundred words or compounds to learn, and equal turns show each of them too rarely.
  int training_turns = 1;
};

// All forms: English, then German, then Chinese.
std::span<const DateForm> date_forms();

// Whether the form leaves no doubt about this date.
bool form_applies(const DateForm& form, std::chrono::year_month_day date);

// The date as this form writes it, in UTF-8, at most 64 characters; the weekday is the true one.
// Throws Error{failure} for a date that does not exist, a year outside first_date_year …
// last_date_year, or a form that does not apply.
std::string write_date(const DateForm& form, std::chrono::year_month_day date);

// "2021-03-03", the extended calendar date of ISO 8601.
std::string iso_date(std::chrono::year_month_day date);

}  // namespace heed
