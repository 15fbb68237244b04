// Numbers of the command line are decimal: --seed 010 is ten. The library of the command line would
// read them as C does, where 010 is eight and 0x10 sixteen.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace heed::app {

// Whether an option or argument takes numbers: whether help shows its value as N, K, P, T or X, or
// the library knows its type for one.
bool takes_numbers(const CLI::Option& option);

// Makes every option of the command and of the commands below it that takes numbers read them as
// decimal, and refuse what is none: nothing at all, 0x10, 1_000, nan and inf.
void read_decimal_numbers(CLI::App& command);

// "10" for "+010" and "-0.5e3" for "-00.5e3"; empty when the text is no decimal number.
std::string decimal_number(const std::string& text);

}  // namespace heed::app
