// Options whose value is one of a few words, which shells can offer.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace heed::app {

// Offers these words; others are possible too, or are refused elsewhere. (CLI::IsMember offers its
// words and refuses all others.)
CLI::Option* suggest(CLI::Option* option, const std::vector<std::string>& words);

// The words of `suggest` or CLI::IsMember; empty for an option without.
std::vector<std::string> choices_of(const CLI::Option& option);

}  // namespace heed::app
