// Memory limits (ulimit -v): whatever is refused, and in whichever thread, the command ends with a
// line that says so, and what was saved before is sound.
#include <chrono>
#include <set>

#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

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

  // Runs the command within the limit, in megabytes; true when that was enough, and when it runs on
  // after `patience`, which ends it.
  bool works(const std::vector<std::string>& arguments, std::uint64_t limit,
             std::chrono::seconds patience = std::chrono::seconds(600)) {
    Command command(arguments, {.memory_limit = limit * megabyte});
    if (!command.ended_within(patience)) {
      return true;
    }
    const CommandResult result = command.wait();
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
    if (message.starts_with("heed: out of memory")) {
      const std::size_t begin_of_phase = std::string("heed: out of memory").size();
      const std::string rest = message.substr(begin_of_phase);
      EXPECT_THAT(rest, StartsWith(" while ")) << arguments[0];
      phases_.insert(rest.substr(1, rest.find_first_of(":0123456789") - 1));
    }
    return false;
  }

  // Runs the command within more and more memory until it works.
  void expect_messages(std::vector<std::string> command,
                       std::chrono::seconds patience = std::chrono::seconds(600)) {
    bool worked = false;
    for (std::uint64_t limit = least; limit <= most && !worked; limit += limit < 250 ? 25 : 100) {
      fs::remove_all(path("made"));
      worked = works(command, limit, patience);
    }
    EXPECT_TRUE(worked) << command[0];
  }

  std::string run() const { return path("run"); }

  std::set<std::string> phases_;  // that messages named: "while training step "
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
  // What the limits meet differs from machine to machine, but it is one of these.
  EXPECT_FALSE(phases_.empty());
  for (const std::string& phase : phases_) {
    EXPECT_THAT(phase,
                testing::AnyOf("while running the command", "while reading the training data",
                               "while learning the tokenizer", "while building the model",
                               "while training step ", "while validating step ", "while decoding",
                               "while saving the checkpoint of step ", "while writing the report"));
  }
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
  for (std::vector<std::string> command : commands) {
    if (command[0] == "translate" || command[0] == "evaluate" || command[0] == "score") {
      command.insert(command.end(), {"--threads", "4"});
    }
    expect_messages(command);
  }
}

TEST_F(MemoryLimit, EndsWhatTrainsMoreThanOneModelWithAMessage) {
  const std::string recipe = write_small_recipe();
  ASSERT_EQ(run_heed({"train", recipe, "--run", run(), "--set", "training.max_steps=2"}).exit_code,
            0);
  expect_messages({"average", run(), run(), "--output", path("made")});
  expect_messages({"export", run(), path("made")});
  expect_messages({"compare", recipe, "--run", path("made"), "--vary", "norm=pre,post", "--seeds",
                   "1", "--set", "training.max_steps=2", "--set",
                   "data.test.source=[validation.source]", "--set",
                   "data.test.target=[validation.target]"});
  expect_messages({"train", write_text_recipe(), "--run", path("made"), "--set",
                   "training.max_steps=4", "--threads", "4"});
  expect_messages({"demo", "--run", path("made")}, std::chrono::seconds(3));
}

}  // namespace
}  // namespace heed
