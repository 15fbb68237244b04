#include "apps/heed/common.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <system_error>

#include "heed/base/error.h"
#include "heed/base/processors.h"
#include "heed/base/unicode.h"

namespace heed::app {
namespace {

std::string escape_controls(const std::string& text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned char next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (byte == '\n') {
      escaped += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      escaped += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080 … U+009F, controls too
      escaped += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      escaped += text[i];
    }
  }
  return escaped;
}

}  // namespace

std::string printable_line(std::string_view text) {
  return escape_controls(escape_invalid_utf8(text));
}

namespace {

[[noreturn]] void fail_output(int error) {
  fail(ErrorKind::input_output, "cannot write to standard output: {}",
       error != 0 ? std::generic_category().message(error) : "an earlier write failed");
}

}  // namespace

void write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    fail_output(errno);
  }
}

void flush_output() {
  errno = 0;
  std::cout.flush();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout) {
    fail_output(errno);
  }
}

void print_error(std::string_view message) {
  const std::string line = "heed: " + printable_line(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void print_warning(std::string_view message) {
  print_error(fmt::format("warning: {}", message));
}

bool can_redraw(int file_descriptor) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(file_descriptor) == 1 && terminal != nullptr && *terminal != '\0' &&
         std::strcmp(terminal, "dumb") != 0;
}

bool use_colour(int file_descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  return can_redraw(file_descriptor) && (no_colour == nullptr || *no_colour == '\0');
}

CLI::Option* add_threads_option(CLI::App& command, int& threads) {
  threads = usable_processor_count();
  return command
      .add_option("--threads", threads, "Threads to compute with; by default every processor")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
}

}  // namespace heed::app
