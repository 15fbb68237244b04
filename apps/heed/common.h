// What the subcommands share: output that notices a full disk, terminals, the options that several
// commands take.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace heed::app {

// Writes text to standard output. Errors (input_output): the output cannot be written.
void write_output(std::string_view text);

// Hands what was written to standard output to the system. Errors (input_output): a full disk, say.
// main calls it at the end; a command that answers line by line calls it after each answer.
void flush_output();

// Text for a terminal, as one line: control characters and what is no UTF-8 are shown escaped, so
// that a name from a damaged file cannot steer the terminal.
std::string printable_line(std::string_view text);

// Prints `heed: message` on standard error, as one line.
void print_error(std::string_view message);
void print_warning(std::string_view message);

// Whether the descriptor is a terminal that understands more than lines of text, so that a line can
// be drawn over: TERM is set, and not to "dumb".
bool can_redraw(int file_descriptor);

// Whether to colour what goes to the descriptor: such a terminal, and NO_COLOR not set.
bool use_colour(int file_descriptor);

// --threads N, by default every processor that may be used. `threads` holds that default at once.
CLI::Option* add_threads_option(CLI::App& command, int& threads);

// Whole numbers from 0, as seeds are; the limits in the message are whole numbers too.
template <typename Integer>
CLI::Range seed_range() {
  return CLI::Range(Integer{0}, std::numeric_limits<Integer>::max());
}

}  // namespace heed::app
