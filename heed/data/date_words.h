// Numbers as the parts of a date are spoken or written: ordinals, years, Roman and Chinese
// numerals.
#pragma once

#include <string>
#include <string_view>

namespace heed {

// Numbers are checked: a call outside the stated range throws Error{failure}.

// "first" … "thirty-first" for 1 … 31.
std::string english_ordinal_word(int number);
// "1st" … "31st" for 1 … 31.
std::string english_ordinal_digits(int number);
// "nineteen hundred", "nineteen oh four", "nineteen eighty-four", "two thousand and seven",
// "twenty twenty-one" for 1900 … 2099.
std::string english_year(int year);

// "erste", "dritte", … "einunddreißigste" for 1 … 31, without the ending that the article asks for.
std::string german_ordinal_word(int number);
// "neunzehnhundertvierundachtzig", "zweitausendeins" for 1900 … 2099.
std::string german_year(int year);

// "一", "十", "十二", "三十一" for 1 … 99.
std::string chinese_number(int number);
// Digit by digit, with the given zero: "二〇二一" or "二零二一" for 1000 … 9999.
std::string chinese_year(int year, std::string_view zero);
// In full-width digits: "２０２１".
std::string full_width_number(int number);

// "I" … "XII" for 1 … 12.
std::string roman_month(int month);

}  // namespace heed
