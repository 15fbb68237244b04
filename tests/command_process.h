// Runs heed as a process of its own, as a user's shell would.
//
//   const CommandResult result = run_heed({"info", "run"});
//   EXPECT_EQ(result.exit_code, 0) << result.error;
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace heed {

struct CommandOptions {
  std::string input;         // what stands on standard input
  std::string output_path;   // where standard output goes instead of into the result
  bool broken_pipe = false;  // standard output is a pipe that nobody reads
  // Limits in bytes: of the address space, and of every file that the command writes. The second
  // makes a write fail in the middle, as a full disk does.
  std::optional<std::uint64_t> memory_limit, file_limit;
  bool terminal = false;  // standard error is a terminal; what comes there is the result's error
  // Variables of the environment that differ from this process's; nothing: not set.
  std::map<std::string, std::optional<std::string>> environment;
};

struct CommandResult {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;
  std::string output, error;
};

// A process that goes on until it ends, or is killed with this object.
class Command {
 public:
  explicit Command(const std::vector<std::string>& arguments, const CommandOptions& options = {});
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  void send(int signal) const;
  // Whether it ends within this time.
  bool ended_within(std::chrono::milliseconds time);
  // Waits, at most ten minutes; after that it is killed, which shows as its signal.
  CommandResult wait();

 private:
  pid_t process_ = -1;
  std::optional<int> status_;
  int output_ = -1, error_ = -1;
  std::thread terminal_reader_;  // a terminal holds little: somebody has to read on
  std::string terminal_text_;
};

CommandResult run_heed(const std::vector<std::string>& arguments,
                       const CommandOptions& options = {});

}  // namespace heed
