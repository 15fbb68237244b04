// The command line: every subcommand, and what happens to a line that makes no sense.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string_view>

namespace heed::app {

// The tree of commands. Their callbacks write to `exit_code`, which must outlive the tree. When the
// line's first word is a command, the tree holds that one alone: the options of all take longer to
// set up than a short answer.
std::unique_ptr<CLI::App> make_command_line(int& exit_code, std::string_view first_word = {});

// Parses the line and runs the command; help and version go to standard output. Returns the exit
// code. Errors (usage): an unknown command or option, with the nearest known one, or a bad value;
// and whatever the command throws.
int run_command_line(int argc, const char* const* argv);

}  // namespace heed::app
