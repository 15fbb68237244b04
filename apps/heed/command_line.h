// The command line: every subcommand, and what happens to a line that makes no sense.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace heed::app {

// The tree of commands. Their callbacks write to `exit_code`, which must outlive the tree.
std::unique_ptr<CLI::App> make_command_line(int& exit_code);

// Parses the line and runs the command; help and version go to standard output. Returns the exit
// code. Errors (usage): an unknown command or option, with the nearest known one, or a bad value;
// and whatever the command throws.
int run_command_line(int argc, const char* const* argv);

}  // namespace heed::app
