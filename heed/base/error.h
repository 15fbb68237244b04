// Errors: one exception type for everything that can go wrong, and one way to check.
//
//   check(rows > 0, "softmax: expected at least one row, got {}", rows);
//   check_data(line_count == other, "{}: {} lines, but {} has {}", a, line_count, b, other);
//
// The message names the op and the shapes, or the file, the line and the key, and says what to do.
// Applications turn the kind into an exit code (heed::exit_code).
#pragma once

#include <stdexcept>
#include <string>

#include "heed/base/message.h"

namespace heed {

enum class ErrorKind {
  failure,       // something inside went wrong: a shape, a state, a loss that is not finite
  usage,         // the caller asked for something that does not exist or makes no sense
  bad_data,      // input from outside is damaged, inconsistent or malicious
  input_output,  // a file cannot be opened, read or written
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// The process exit code that documents an error of this kind: 1, 2, 65 or 74.
int exit_code(ErrorKind kind);

// Throws an Error of this kind. Out of the way of the code that checks.
template <typename... Args>
[[noreturn, gnu::cold, gnu::noinline]] void fail(ErrorKind kind,
                                                 MessageFormat<sizeof...(Args)> format,
                                                 const Args&... args) {
  throw Error(kind, format_values(format.text, {MessageArgument(args)...}));
}

// Throws Error{failure} unless the condition holds.
template <typename... Args>
void check(bool condition, MessageFormat<sizeof...(Args)> format, const Args&... args) {
  if (!condition) [[unlikely]] {
    fail(ErrorKind::failure, format, args...);
  }
}

template <typename... Args>
void check_usage(bool condition, MessageFormat<sizeof...(Args)> format, const Args&... args) {
  if (!condition) [[unlikely]] {
    fail(ErrorKind::usage, format, args...);
  }
}

template <typename... Args>
void check_data(bool condition, MessageFormat<sizeof...(Args)> format, const Args&... args) {
  if (!condition) [[unlikely]] {
    fail(ErrorKind::bad_data, format, args...);
  }
}

template <typename... Args>
void check_io(bool condition, MessageFormat<sizeof...(Args)> format, const Args&... args) {
  if (!condition) [[unlikely]] {
    fail(ErrorKind::input_output, format, args...);
  }
}

}  // namespace heed
