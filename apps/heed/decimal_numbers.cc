#include "apps/heed/decimal_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "apps/heed/help.h"

namespace heed::app {
namespace {

std::size_t digit_count(std::string_view text) {
  const auto end =
      std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) == 0; });
  return static_cast<std::size_t>(end - text.begin());
}

// The length of e5, E-05 and the like at the beginning of the text.
std::size_t exponent_length(std::string_view text) {
  if (text.empty() || (text.front() != 'e' && text.front() != 'E')) {
    return 0;
  }
  const std::size_t sign = text.size() > 1 && (text[1] == '+' || text[1] == '-') ? 1 : 0;
  const std::size_t digits = digit_count(text.substr(1 + sign));
  return digits > 0 ? 1 + sign + digits : 0;
}

std::string read_decimal(std::string& text) {
  std::string number = decimal_number(text);
  if (number.empty()) {
    return fmt::format("'{}' is no decimal number", text);
  }
  text = std::move(number);
  return {};
}

}  // namespace

bool takes_numbers(const CLI::Option& option) {
  constexpr std::array<std::string_view, 8> names = {"N", "K",   "P",    "T",
                                                     "X", "INT", "UINT", "FLOAT"};
  return std::find(names.begin(), names.end(), value_name(option)) != names.end();
}

std::string decimal_number(const std::string& text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) {
    rest.remove_prefix(1);
  }
  const std::size_t whole = digit_count(rest);
  const bool point = whole < rest.size() && rest[whole] == '.';
  const std::size_t fraction = point ? digit_count(rest.substr(whole + 1)) : 0;
  const std::size_t mantissa = whole + (point ? 1 : 0) + fraction;
  if (whole + fraction == 0 || mantissa + exponent_length(rest.substr(mantissa)) != rest.size()) {
    return {};
  }
  std::size_t zeros = 0;
  while (zeros + 1 < whole && rest[zeros] == '0') {
    ++zeros;
  }
  return (negative ? "-" : "") + std::string(rest.substr(zeros));
}

void read_decimal_numbers(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (takes_numbers(*option)) {
      option->transform(CLI::Validator(read_decimal, ""));
    }
  }
  for (CLI::App* subcommand : command.get_subcommands({})) {
    read_decimal_numbers(*subcommand);
  }
}

}  // namespace heed::app
