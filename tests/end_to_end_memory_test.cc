// Memory limits (ulimit -v): whatever is refused, and in whichever thread, the command ends with a
// line that says so, and what was saved before is sound.
#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_cannot_be_limited = true;  // sanitizers reserve terabytes
#else
constexpr bool memory_cannot_be_limited = false;
#endif

constexpr std::uint64_t megabyte = std::uint64_t{1} << 20;
// From where the program can just be loaded to where everything runs.
constexpr std::uint64_t least = 95, most = 1000;

class MemoryLimit : public CommandTest {
 protected:
  void SetUp() override {
    if (memory_cannot_be_limited) {
      GTEST_SKIP() << "a sanitizer reserves more than any limit";
    }
  }

  // Runs the command within the limit, in megabytes; true when that was enough.
  static bool works(const std::vector<std::string>& arguments, std::uint64_t limit,
                    const std::string& input = {}) {
    const CommandResult result =
        run_heed(arguments, {.input = input, .memory_limit = limit * megabyte});
    EXPECT_EQ(result.signal, 0) << arguments[0] << " within " << limit << " MB: " << result.error;
    if (result.exit_code == 0 || result.exit_code == 127) {  // 127: it could not be loaded
      return result.exit_code == 0;
    }
    const std::size_t begin = result.error.rfind("heed: ");
    const std::string message = begin == std::string::npos ? "" : result.error.substr(begin);
    EXPECT_TRUE(result.exit_code == 1 || result.exit_code == 74) << result.error;
    EXPECT_THAT(message, testing::AnyOf(HasSubstr("out of memory"), HasSubstr("allocate memory"),
                                        HasSubstr("cannot start a thread")))
        << arguments[0] << " within " << limit << " MB: " << result.error;
    return false;
  }

  std::string run() const { return path("run"); }
};

TEST_F(MemoryLimit, EndsTrainingWithAMessageAndSoundCheckpoints) {
  const std::string recipe = write_small_recipe();
  const auto training = [&](const std::string& directory) {
    return std::vector<std::string>{"train",     recipe,
                                    "--run",     directory,
                                    "--threads", "4",
                                    "--set",     "training.max_steps=4",
                                    "--set",     "training.validate_every=2"};
  };
  ASSERT_EQ(run_heed(training(path("whole"))).exit_code, 0);
  int refused = 0;
  for (std::uint64_t limit = least; limit <= 400; limit += 35) {
    fs::remove_all(run());
    if (works(training(run()), limit)) {
      continue;
    }
    ++refused;
    const CommandResult result = run_heed(resumed(training(run()), run()));
    ASSERT_EQ(result.exit_code, 0) << limit << ": " << result.error;
    EXPECT_EQ(read_file(run() + "/last/model.safetensors"),
              read_file(path("whole") + "/last/model.safetensors"))
        << limit;
  }
  EXPECT_GT(refused, 3);
}

TEST_F(MemoryLimit, EndsEveryCommandThatComputesWithAMessage) {
  const std::string recipe = write_small_recipe();
  ASSERT_EQ(run_heed({"train", recipe, "--run", run(), "--set", "training.max_steps=2"}).exit_code,
            0);
  const std::string source = path("validation.source"), target = path("validation.target");
  const std::vector<std::vector<std::string>> commands = {
      {"translate", "--model", run(), "--input", source},
      {"evaluate", "--model", run(), "--source", source, "--reference", target},
      {"score", "--model", run(), "-s", source, "-t", target},
      {"heads", "--model", run(), "--source", source, "--reference", target},
      {"attend", "1 2 3", "--target", "3 2 1", "--model", run(), "--output", path("a.html")},
      {"bleu", "-r", target, "--input", target},
      {"data", "check", "-s", path("train.source"), "-t", path("train.target")},
      {"info", run()},
      {"positions", "sinusoidal", "--output", path("p.html")}};
  for (const std::vector<std::string>& command : commands) {
    bool worked = false;
    for (std::uint64_t limit = least; limit <= most && !worked; limit += limit < 250 ? 25 : 100) {
      auto arguments = command;
      if (command[0] == "translate" || command[0] == "evaluate" || command[0] == "score") {
        arguments.insert(arguments.end(), {"--threads", "4"});
      }
      worked = works(arguments, limit);
    }
    EXPECT_TRUE(worked) << command[0];
  }
}

}  // namespace
}  // namespace heed
