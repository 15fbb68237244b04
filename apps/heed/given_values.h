// Values of the command line are not empty: what --run "$DIR" says while DIR is not set is a
// mistake, and neither the default nor the current directory is meant.
#pragma once

#include <CLI/CLI.hpp>

namespace heed::app {

// Makes every option and argument of the command and of the commands below it refuse an empty
// value.
void refuse_empty_values(CLI::App& command);

// Refuses `--run=` with nothing behind it, for which the library would take the next word. Error
// (usage) names the option.
void check_given_values(int argc, const char* const* argv);

}  // namespace heed::app
