#include "apps/heed/last_words.h"

#include <fmt/format.h>

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <new>
#include <system_error>

#include "apps/heed/common.h"
#include "heed/base/error.h"
#include "heed/base/phase.h"

namespace heed::app {
namespace {

constexpr double bytes_of_megabyte = 1 << 20;

bool memory_is_limited(rlimit& limit) {
  return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

// Under a limit the stack may not grow any more when it has to.
[[gnu::noinline]] void take_stack() {
  constexpr std::size_t size = std::size_t{1} << 20, page = 4096;
  [[maybe_unused]] volatile char room[size];
  for (std::size_t i = 0; i < size; i += page) {
    room[i] = 0;
  }
}

std::string last_message() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::bad_alloc&) {
    return out_of_memory_message();
  } catch (const std::system_error& error) {
    return fmt::format("cannot start a thread{}: {}", while_text(), error.code().message());
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that nobody caught";
  }
}

[[noreturn]] void say_last_words() {
  // A library that cannot start all of its threads lets go of those that it started.
  const bool unwinding = std::uncaught_exceptions() > 0;
  if (std::current_exception() == nullptr && !unwinding) {
    std::abort();
  }
  try {
    print_error(unwinding ? "cannot start a thread, or " + out_of_memory_message()
                          : last_message());
  } catch (...) {
    constexpr char text[] = "heed: out of memory\n";
    (void)!::write(STDERR_FILENO, text, sizeof text - 1);
  }
  std::_Exit(exit_code(ErrorKind::failure));
}

// What the process holds of its address space, in pages; 0 when the system does not say.
double held_pages() {
  double pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages;
}

}  // namespace

void prepare_for_the_worst() {
  rlimit limit{};
  if (memory_is_limited(limit)) {
    take_stack();
  }
  std::set_terminate(say_last_words);
}

std::string out_of_memory_message() {
  const double held = held_pages() * static_cast<double>(::sysconf(_SC_PAGESIZE));
  rlimit limit{};
  if (memory_is_limited(limit)) {
    return fmt::format(
        "out of memory{}: the process holds {:.0f} MB, of {:.0f} MB that it may "
        "(ulimit -v)",
        while_text(), held / bytes_of_megabyte,
        static_cast<double>(limit.rlim_cur) / bytes_of_megabyte);
  }
  return fmt::format("out of memory{}: the process holds {:.0f} MB", while_text(),
                     held / bytes_of_megabyte);
}

}  // namespace heed::app
