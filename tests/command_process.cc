#include "tests/command_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "heed/base/error.h"

namespace heed {

namespace {

// Files in memory instead of pipes: no output is too long for them, and nobody has to read on.
int memory_file(const char* name, const std::string& content = {}) {
  const int descriptor = ::memfd_create(name, MFD_CLOEXEC);
  check(descriptor >= 0, "memfd_create: {}", std::strerror(errno));
  check(::write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size()),
        "cannot write {} bytes of input", content.size());
  ::lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

int open_output(const CommandOptions& options) {
  if (options.broken_pipe) {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC) == 0, "pipe2: {}", std::strerror(errno));
    ::close(ends[0]);
    return ends[1];
  }
  if (options.output_path.empty()) {
    return memory_file("output");
  }
  const int descriptor = ::open(options.output_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  check(descriptor >= 0, "{}: {}", options.output_path, std::strerror(errno));
  return descriptor;
}

std::string take_content(int& descriptor) {
  std::string content;
  if (descriptor >= 0) {
    content.resize(static_cast<std::size_t>(::lseek(descriptor, 0, SEEK_END)));
    check(::pread(descriptor, content.data(), content.size(), 0) ==
              static_cast<ssize_t>(content.size()),
          "cannot read what the command printed");
    ::close(descriptor);
    descriptor = -1;
  }
  return content;
}

// The two ends of a terminal that hands on what is written to it byte for byte.
std::pair<int, int> open_terminal() {
  const int here = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(here >= 0 && ::grantpt(here) == 0 && ::unlockpt(here) == 0, "posix_openpt: {}",
        std::strerror(errno));
  char name[128];
  check(::ptsname_r(here, name, sizeof name) == 0, "ptsname_r: {}", std::strerror(errno));
  const int there = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios settings{};
  check(there >= 0 && ::tcgetattr(there, &settings) == 0, "{}: {}", name, std::strerror(errno));
  ::cfmakeraw(&settings);
  ::tcsetattr(there, TCSANOW, &settings);
  return {here, there};
}

// NAME=VALUE of every variable, with the changes.
std::vector<std::string> changed_environment(const CommandOptions& options) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (!options.environment.contains(text.substr(0, text.find('=')))) {
      variables.push_back(text);
    }
  }
  for (const auto& [name, value] : options.environment) {
    if (value) {
      variables.push_back(name + "=" + *value);
    }
  }
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

// Only calls that are allowed between fork and exec.
[[noreturn]] void become(char* const* arguments, char* const* variables,
                         const CommandOptions& options, int input, int output, int error) {
  const auto limit = [](auto resource, const std::optional<std::uint64_t>& bytes) {
    const rlimit value{bytes.value_or(0), bytes.value_or(0)};
    return !bytes || ::setrlimit(resource, &value) == 0;
  };
  if (::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
      ::dup2(error, STDERR_FILENO) >= 0 && limit(RLIMIT_AS, options.memory_limit) &&
      limit(RLIMIT_FSIZE, options.file_limit)) {
    ::execve(HEED_COMMAND, arguments, variables);
  }
  ::_exit(127);
}

}  // namespace

Command::Command(const std::vector<std::string>& arguments, const CommandOptions& options) {
  std::vector<std::string> words = {"heed"}, variables = changed_environment(options);
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::vector<char*> word_pointers = pointers_to(words),
                           variable_pointers = pointers_to(variables);
  const int input = memory_file("input", options.input);
  output_ = open_output(options);
  const std::pair<int, int> ends =
      options.terminal ? open_terminal() : std::pair(-1, memory_file("error"));
  const int terminal = ends.first, other_end = ends.second;
  process_ = ::fork();
  check(process_ >= 0, "fork: {}", std::strerror(errno));
  if (process_ == 0) {
    become(word_pointers.data(), variable_pointers.data(), options, input, output_, other_end);
  }
  ::close(input);
  if (!options.output_path.empty() || options.broken_pipe) {
    ::close(output_);
    output_ = -1;
  }
  if (!options.terminal) {
    error_ = other_end;
    return;
  }
  ::close(other_end);
  terminal_reader_ = std::thread([this, terminal] {
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(terminal, buffer, sizeof buffer)) > 0;) {
      terminal_text_.append(buffer, static_cast<std::size_t>(count));
    }
    ::close(terminal);
  });
}

Command::~Command() {
  if (!status_) {
    send(SIGKILL);
    wait();
  }
  if (terminal_reader_.joinable()) {
    terminal_reader_.join();
  }
  for (const int descriptor : {output_, error_}) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
}

void Command::send(int signal) const {
  ::kill(process_, signal);
}

bool Command::ended_within(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!status_) {
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) == process_) {
      status_ = status;
    } else if (std::chrono::steady_clock::now() >= end) {
      return false;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return true;
}

CommandResult Command::wait() {
  if (!ended_within(std::chrono::minutes(10))) {
    send(SIGKILL);
    ended_within(std::chrono::minutes(1));
  }
  check(status_.has_value(), "the command cannot be killed");
  CommandResult result;
  result.exit_code = WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -1;
  result.signal = WIFSIGNALED(*status_) ? WTERMSIG(*status_) : 0;
  result.output = take_content(output_);
  if (terminal_reader_.joinable()) {
    terminal_reader_.join();  // it ends with the last process that has the terminal open
    result.error = std::move(terminal_text_);
  } else {
    result.error = take_content(error_);
  }
  return result;
}

CommandResult run_heed(const std::vector<std::string>& arguments, const CommandOptions& options) {
  return Command(arguments, options).wait();
}

}  // namespace heed
