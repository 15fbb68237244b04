// heed: trains, evaluates, runs and shows Transformers.

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>

#include "apps/heed/command_line.h"
#include "apps/heed/common.h"
#include "apps/heed/last_words.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/base/phase.h"

namespace heed::app {
namespace {

// A file opened while 0, 1 or 2 is free would take its number, and messages would be written into
// it. Where one is closed, a descriptor that cannot be used takes its place.
void occupy_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) == -1) {
      (void)::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
  }
}

int run(int argc, char** argv) {
  try {
    register_reference_backend();
    register_cpu_backend();
    const int exit_code = run_command_line(argc, argv);
    flush_output();
    return exit_code;
  } catch (const Error& error) {
    print_error(error.what());
    return exit_code(error.kind());
  } catch (const std::filesystem::filesystem_error& error) {
    print_error(error.path1().string() + ": " + error.code().message());
    return exit_code(ErrorKind::input_output);
  } catch (const std::system_error& error) {  // nothing else throws it than the start of a thread
    print_error("cannot start a thread" + while_text() + ": " + error.code().message());
  } catch (const std::bad_alloc&) {
    print_error(out_of_memory_message());
  } catch (const std::exception& error) {
    print_error(error.what());
  }
  return exit_code(ErrorKind::failure);
}

}  // namespace
}  // namespace heed::app

int main(int argc, char** argv) {
  heed::app::occupy_standard_descriptors();
  // `heed … | head -1` ends without a word, also where the parent had ignored the signal.
  std::signal(SIGPIPE, SIG_DFL);
  // A file that may not grow is an error of the write, like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  heed::app::prepare_for_the_worst();
  return heed::app::run(argc, argv);
}
