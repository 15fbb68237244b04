// A run that was killed, or asked to stop, ends like one that was not.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "heed/base/json.h"
#include "heed/base/random.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/event_file.h"
#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::HasSubstr;

// metrics.jsonl without what only clocks know.
std::vector<std::string> timeless_metrics(const fs::path& run) {
  std::vector<std::string> result;
  std::istringstream lines(read_file(run / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    Json json = Json::parse(line);
    json.erase("seconds");
    json.erase("tokens_per_second");
    result.push_back(json.dump());
  }
  return result;
}

// What TensorBoard shows, but for speed.
std::vector<std::string> timeless_events(const fs::path& run) {
  std::vector<std::string> result;
  for (const Event& event : read_event_file(run / "events.out.tfevents.heed")) {
    for (const auto& scalar : event.scalars) {
      if (scalar.tag != "train/tokens_per_second") {
        result.push_back(fmt::format("{} {} {}", event.step, scalar.tag, scalar.value));
      }
    }
  }
  return result;
}

void expect_equal_runs(const fs::path& run, const fs::path& reference) {
  EXPECT_EQ(timeless_metrics(run), timeless_metrics(reference));
  EXPECT_EQ(timeless_events(run), timeless_events(reference));
  for (const char* name : {"last/model.safetensors", "last/optimizer.safetensors",
                           "best/model.safetensors", "best/config.json"}) {
    EXPECT_TRUE(read_file(run / name) == read_file(reference / name)) << name;
  }
  EXPECT_EQ(fs::read_symlink(run / "best"), fs::read_symlink(reference / "best"));
  EXPECT_EQ(snapshot(run / "validation"), snapshot(reference / "validation"));
  EXPECT_EQ(names_in(run), names_in(reference));  // nothing half-written stays either
}

class Resume : public CommandTest {
 protected:
  // A run that nothing disturbs; returns how long it took.
  milliseconds train_reference(const std::vector<std::string>& more) {
    const auto start = std::chrono::steady_clock::now();
    const CommandResult result = run_heed(train_arguments(recipe_, path("reference"), more));
    EXPECT_EQ(result.exit_code, 0) << result.error;
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  }

  // Kills runs at random moments, 30 times in all, and lets each go on to its end.
  // HEED_LONG_TESTS=1 asks for ten times as many.
  void expect_kills_change_nothing(std::uint64_t seed, const std::vector<std::string>& more) {
    const int kills = std::getenv("HEED_LONG_TESTS") != nullptr ? 300 : 30;
    // The longest delay before a kill, in ms: shorter when runs end before it, longer when not.
    double longest = static_cast<double>(train_reference(more).count());
    Random random(seed);
    int killed = 0, killed_with_checkpoint = 0;
    for (int round = 0; killed < kills && round < 10 * kills; ++round) {
      const fs::path run = path("killed-" + std::to_string(round));
      for (bool done = false; !done;) {
        Command command(resumed(train_arguments(recipe_, run, more), run));
        const milliseconds delay(1 + random.below(static_cast<std::uint64_t>(longest)));
        if (killed < kills && !command.ended_within(delay)) {
          command.send(SIGKILL);
          if (command.wait().signal == SIGKILL) {
            ++killed;
            killed_with_checkpoint += list_checkpoints(run).empty() ? 0 : 1;
            longest *= 1.25;
            continue;
          }
        }
        const CommandResult result = command.wait();
        ASSERT_EQ(result.exit_code, 0) << result.error;
        longest = std::max(longest / 2, 2.0);
        done = true;
      }
      expect_equal_runs(run, path("reference"));
      fs::remove_all(run);
    }
    EXPECT_EQ(killed, kills);
    EXPECT_GT(killed_with_checkpoint, 0);
    std::printf("%d of %d kills after the first checkpoint\n", killed_with_checkpoint, killed);
  }

  // Stops a run by a signal once it has saved something beyond step `before`; returns its last
  // step.
  std::int64_t interrupt(const fs::path& run, int signal, std::int64_t before) {
    Command command(resumed(train_arguments(recipe_, run), run));
    while (linked_step(run, "last").value_or(before) <= before &&
           !command.ended_within(milliseconds(1))) {
    }
    command.send(signal);
    const CommandResult result = command.wait();
    EXPECT_EQ(result.exit_code, 128 + signal) << result.error;
    EXPECT_EQ(error_lines(result.error).size(), 0u) << result.error;
    EXPECT_EQ(result.output, "");
    const Json state = Json::parse(read_file(run / "last" / "state.json"));
    const std::int64_t step = state.at("step");
    EXPECT_THAT(result.error, HasSubstr(fmt::format("interrupted at step {}; continue", step)));
    EXPECT_EQ(fs::read_symlink(run / "last"), fmt::format("step-{}", step));
    return step;
  }

  std::string recipe_ = write_small_recipe();
};

TEST_F(Resume, AfterKills) {
  expect_kills_change_nothing(
      1, {"--set", "training.best_by=bleu", "--set", "tokenizer.kind=sentencepiece-bpe", "--set",
          "tokenizer.vocabulary_size=60", "--set", "tokenizer.hard_vocab_limit=false", "--set",
          "data.subword_dropout=0.3"});
}

TEST_F(Resume, AfterKillsOfALanguageModel) {
  recipe_ = write_text_recipe();
  expect_kills_change_nothing(3, {"--set", "model.position.kind=t5"});
}

TEST_F(Resume, AfterKillsWithEverythingThatRemembers) {
  expect_kills_change_nothing(
      2, {"--set", "training.accumulate=2", "--set", "optimizer.average_decay=0.9", "--set",
          "training.average_last=3", "--set", "schedule.kind=plateau", "--set",
          "schedule.patience=1", "--set", "tokenizer.kind=byte", "--set", "model.max_length=24",
          "--set", "training.max_steps=60"});
}

TEST_F(Resume, ThreadsDoNotChangeTheResult) {
  train_reference({});
  const CommandResult result = run_heed(train_arguments(recipe_, path("run"), {"--threads", "1"}));
  ASSERT_EQ(result.exit_code, 0) << result.error;
  expect_equal_runs(path("run"), path("reference"));
}

TEST_F(Resume, AfterSignals) {
  train_reference({});
  const fs::path run = path("run");
  const std::int64_t first = interrupt(run, SIGINT, 0);
  fs::copy(run, path("stopped"), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  EXPECT_GT(interrupt(run, SIGTERM, first), first);
  const CommandResult result = run_heed(train_arguments(recipe_, run, {"--resume"}));
  ASSERT_EQ(result.exit_code, 0) << result.error;
  expect_equal_runs(run, path("reference"));

  // A run that was to end at the very step validates there, as if nobody had asked it to stop.
  const std::vector<std::string> end = {"--set", fmt::format("training.max_steps={}", first)};
  ASSERT_EQ(run_heed(train_arguments(recipe_, path("short"), end)).exit_code, 0);
  std::vector<std::string> resume = end;
  resume.emplace_back("--resume");
  ASSERT_EQ(run_heed(train_arguments(recipe_, path("stopped"), resume)).exit_code, 0);
  expect_equal_runs(path("stopped"), path("short"));
}

// A closed terminal sends SIGHUP, which counts as SIGTERM does.
TEST_F(Resume, AfterAHangUp) {
  train_reference({});
  const fs::path run = path("run");
  interrupt(run, SIGHUP, 0);
  const CommandResult result = run_heed(train_arguments(recipe_, run, {"--resume"}));
  ASSERT_EQ(result.exit_code, 0) << result.error;
  expect_equal_runs(run, path("reference"));
}

// Whoever reads the messages may go away.
TEST_F(Resume, AClosedPipeOfMessagesDoesNotEndTraining) {
  train_reference({});
  std::string line = HEED_COMMAND;
  for (const std::string& argument : train_arguments(recipe_, path("run"), {})) {
    line += " '" + argument + "'";
  }
  EXPECT_EQ(std::system((line + " 2>&1 >/dev/null | head -c 1 > /dev/null").c_str()), 0);
  for (int tries = 0; tries < 3000 && !fs::exists(path("run") + "/report.html"); ++tries) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  expect_equal_runs(path("run"), path("reference"));
}

// What a kill can leave behind goes at the next start, wherever it lies.
TEST_F(Resume, RemovesUnfinishedFiles) {
  train_reference({"--set", "training.max_steps=7"});
  for (const char* name :
       {"run/.lock", "run/.metrics.jsonl.17.tmp", "run/.step-7.17.tmp/state.json",
        "run/tokenizer.tmp/a", "run/cache/train.tokens.tmp", "run/cache/train.tokens.tmp.index",
        "run/validation/.step-7.txt.17.tmp", "run/average/.config.json.17.tmp"}) {
    write(name, "cut o");
  }
  const CommandResult result = run_heed(
      train_arguments(recipe_, path("run"), {"--resume", "--set", "training.max_steps=7"}));
  ASSERT_EQ(result.exit_code, 0) << result.error;
  std::filesystem::remove(path("run/average"));
  expect_equal_runs(path("run"), path("reference"));
}

TEST_F(Resume, ChangedRecipeOrDataIsNamed) {
  train_reference({"--set", "training.max_steps=14"});
  const fs::path run = path("reference");
  const auto before = snapshot(run);
  const auto resume = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--resume", "--set", "training.max_steps=20"});
    return run_heed(train_arguments(recipe_, run, more));
  };
  const CommandResult sizes = resume({"--set", "model.d_model=32", "--set", "model.dropout=0.3"});
  expect_failure(sizes, 2, "model.d_model: 16 before, 32 now; model.dropout: 0.1 before, 0.3 now");
  expect_failure(resume({"--seed", "7"}), 2, "seed: 1 before, 7 now");
  expect_failure(resume({"--set", "tokenizer.kind=byte"}), 2,
                 "tokenizer.kind: \"word\" before, \"byte\" now");
  EXPECT_EQ(snapshot(run), before);

  const std::string text = read_file(path("train.target"));
  write("train.target", "9 " + text);
  expect_failure(resume({}), 2, "data_content.train: ");
  write("train.target", text);
  const CommandResult result = resume({});
  EXPECT_EQ(result.exit_code, 0) << result.error;
}

TEST_F(Resume, OneProcessForARun) {
  const fs::path run = path("run");
  Command first(train_arguments(recipe_, run, {"--set", "training.max_steps=1000000"}));
  while (!fs::exists(run / "last") && !first.ended_within(milliseconds(1))) {
  }
  for (const char* more : {"--resume", "--seed=3"}) {
    expect_failure(run_heed(train_arguments(recipe_, run, {more})), 2,
                   "another process is training in this directory");
  }
  first.send(SIGKILL);
  EXPECT_EQ(first.wait().signal, SIGKILL);

  // The lock went with the process. What it left is a run, not a place for another.
  const auto before = snapshot(run);
  write("train.source", "1\n");
  write("train.target", "1\n");
  expect_failure(run_heed(train_arguments(recipe_, run)), 2,
                 "holds a run already; continue it with --resume or choose another --run");
  EXPECT_EQ(snapshot(run), before);
}

// Whoever mistypes a directory would wait for a run that begins anew.
TEST_F(Resume, RefusesADirectoryWithoutARun) {
  train_reference({"--set", "training.max_steps=7"});
  const auto before = snapshot(directory_);
  const auto resume = [&](const std::string& run) {
    return run_heed(train_arguments(recipe_, run, {"--resume"}));
  };
  expect_failure(resume(path("refrence")), 2,
                 path("refrence") + ": holds no run to continue (did you mean " +
                     path("reference") + "?); give --run the directory of the run");
  expect_failure(resume(path("another")), 2, path("another") + ": holds no run to continue; give");
  expect_failure(resume(path("")), 2, "holds no run to continue");
  expect_failure(resume(""), 2, "--run: expected a value, got nothing");
  expect_failure(run_heed({"train", recipe_, "--run=", "--resume"}), 2,
                 "--run: expected a value, got nothing");
  write("comparison/study.yaml", "{}\n");
  expect_failure(resume(path("comparison")), 2, "holds a comparison and no run");
  fs::remove_all(path("comparison"));
  EXPECT_EQ(snapshot(directory_), before);
}

// The tokenizers of a run that never came to a checkpoint belong to nobody.
TEST_F(Resume, BeginsAgainBeforeTheFirstCheckpoint) {
  CommandOptions full;
  full.file_limit = 20'000;
  expect_failure(run_heed(train_arguments(recipe_, path("run")), full), 74, "cannot write");
  train_reference({"--set", "tokenizer.kind=byte", "--set", "training.max_steps=7"});
  const CommandResult result = run_heed(train_arguments(
      recipe_, path("run"),
      {"--resume", "--set", "tokenizer.kind=byte", "--set", "training.max_steps=7"}));
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("no checkpoint yet; the run begins anew"));
  expect_equal_runs(path("run"), path("reference"));
}

}  // namespace
}  // namespace heed
