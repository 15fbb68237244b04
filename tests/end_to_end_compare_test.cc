// heed compare: killed and resumed it finds what it finds undisturbed; what cannot be compared is
// refused before anything is trained.
#include <chrono>
#include <csignal>

#include "heed/base/json.h"
#include "heed/base/random.h"
#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::HasSubstr;

class Compare : public CommandTest {
 protected:
  Compare()
      : recipe_(write("recipe.yaml",
                      "task: translation\n"
                      "title: Reversing\n"
                      "data:\n"
                      "  toy: {kind: reverse, symbols: 8, maximum_length: 6, train_pairs: 300,\n"
                      "         validation_pairs: 20, test_pairs: 30}\n"
                      "tokenizer: {kind: word}\n"
                      "model: {d_model: 16, encoder_layers: 1, decoder_layers: 1, heads: 2,\n"
                      "        feed_forward_size: 32, dropout: 0.1, max_length: 32}\n"
                      "batches: {batch_tokens: 256}\n"
                      "schedule: {kind: constant, learning_rate: 0.005}\n"
                      "training: {max_steps: 40, save_every: 7, validate_every: 20, log_every: 5}\n"
                      "decoding: {beam: 1}\n"
                      "compare:\n"
                      "  vary: ['position.kind=sinusoidal,none']\n"
                      "  seeds: 2\n"
                      "  lengths: [1x, 2x]\n")) {}

  std::vector<std::string> arguments(const std::string& run,
                                     std::vector<std::string> more = {}) const {
    std::vector<std::string> result = {"compare", recipe_, "--run", path(run), "--threads", "2"};
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }

  // comparison.json without what only clocks and memory know.
  Json timeless(const std::string& run) const {
    Json json = Json::parse(read_file(directory_ / run / "comparison.json"));
    for (Json& group : json["groups"]) {
      for (Json& variant : group["variants"]) {
        EXPECT_GT(variant["cost"]["tokens_per_second"], 0);
        EXPECT_GT(variant["cost"]["peak_memory_bytes"], 0);
        variant.erase("cost");
      }
    }
    return json;
  }

  std::string recipe_;
};

TEST_F(Compare, KilledAndResumedItFindsTheSame) {
  const auto start = std::chrono::steady_clock::now();
  const CommandResult reference = run_heed(arguments("reference"));
  ASSERT_EQ(reference.exit_code, 0) << reference.error;
  const auto whole =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  EXPECT_THAT(reference.output, HasSubstr("sinusoidal"));
  EXPECT_THAT(reference.output, HasSubstr("% exact"));
  EXPECT_THAT(reference.output, HasSubstr("12 (2x)"));
  const std::string page = read_file(directory_ / "reference" / "comparison.html");
  EXPECT_THAT(page, HasSubstr("Reversing"));

  Random random(5);
  auto longest = static_cast<std::uint64_t>(whole.count()) / 2 + 1;
  int kills = 0;
  CommandResult last;
  for (bool done = false; !done;) {
    Command command(resumed(arguments("killed"), directory_ / "killed"));
    // Short of the whole, so that several starts are needed.
    const milliseconds delay(1 + random.below(longest));
    if (kills < 8 && !command.ended_within(delay)) {
      command.send(SIGKILL);
      kills += command.wait().signal == SIGKILL ? 1 : 0;
      continue;
    }
    last = command.wait();
    ASSERT_EQ(last.exit_code, 0) << last.error;
    done = kills > 0;
    if (!done) {  // faster than the reference was: once more
      fs::remove_all(path("killed"));
      longest = std::max<std::uint64_t>(longest / 2, 1);
    }
  }
  EXPECT_EQ(timeless("killed"), timeless("reference"));
  for (const char* run : {"sinusoidal/seed-1", "sinusoidal/seed-2", "none/seed-1", "none/seed-2"}) {
    for (const char* file : {"last/model.safetensors", "test/test.txt", "test/length-12.txt"}) {
      EXPECT_TRUE(read_file(directory_ / "killed" / run / file) ==
                  read_file(directory_ / "reference" / run / file))
          << run << "/" << file;
    }
  }
}

TEST_F(Compare, WhatIsDoneIsNotRepeatedAndMoreIsAdded) {
  const std::vector<std::string> short_run = {"--set", "training.max_steps=10"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), short_run.begin(), short_run.end());
    return run_heed(resumed(arguments("run", more), directory_ / "run"));
  };
  ASSERT_EQ(with({"--seeds", "1"}).exit_code, 0);
  const Json before = timeless("run");
  const CommandResult again = with({"--seeds", "1"});
  ASSERT_EQ(again.exit_code, 0) << again.error;
  EXPECT_THAT(again.error, testing::Not(HasSubstr("run 1 of")));
  EXPECT_EQ(timeless("run"), before);

  const CommandResult more = with({"--seeds", "2"});
  ASSERT_EQ(more.exit_code, 0) << more.error;
  EXPECT_THAT(more.error, testing::Not(HasSubstr("seed 1")));
  EXPECT_THAT(more.error, HasSubstr("run 3 of 4: sinusoidal, seed 2"));
  const Json variant = timeless("run")["groups"][0]["variants"][0];
  EXPECT_EQ(variant["loss"]["by_seed"].size(), 2u);
  EXPECT_EQ(variant["loss"]["by_seed"][0],
            before["groups"][0]["variants"][0]["loss"]["by_seed"][0]);

  expect_failure(run_heed(arguments("run")), 2, "holds a comparison already");
  expect_failure(with({"--set", "model.dropout=0.2"}), 2, "model.dropout: 0.1 before, 0.2 now");
}

TEST_F(Compare, VariantsAreRefusedBeforeAnyIsTrained) {
  expect_failure(run_heed(arguments("run", {"--vary", "heads=2,3"})), 2, "variant heads=3: ");
  expect_failure(run_heed(arguments("run", {"--vary", "position.kind=sinusoidal,sinsoidal"})), 2,
                 "variant sinsoidal: ");
  expect_failure(run_heed(arguments("run", {"--vary", "kind=a,b"})), 2, "'kind' is ambiguous");
  expect_failure(run_heed(arguments("run", {"--vary", "position.knd=a"})), 2,
                 "did you mean 'position.kind'?");
  expect_failure(run_heed(arguments("run", {"--lengths", "2x,6x"})), 2, "model.max_length is 32");
  EXPECT_FALSE(fs::exists(directory_ / "run" / "sinusoidal"));
  // What only the model itself refuses: rotation needs heads of even size.
  expect_failure(run_heed(arguments("run", {"--vary", "position.kind=sinusoidal,rotary", "--set",
                                            "model.d_model=18"})),
                 2, "variant rotary: ");
  EXPECT_FALSE(fs::exists(directory_ / "run" / "sinusoidal"));
}

TEST_F(Compare, RefusesToResumeADirectoryWithoutAComparison) {
  const auto resume = [&](const std::string& name) {
    return run_heed(arguments(name, {"--resume"}));
  };
  expect_failure(resume("runn"), 2, path("runn") + ": holds no comparison to continue; give --run");
  write("run/study.yaml", "{}\n");
  expect_failure(resume("runn"), 2, "(did you mean " + path("run") + "?)");
  write("trained/metrics.jsonl", "");
  expect_failure(resume("trained"), 2, "holds a run and no comparison; heed train --resume");
  EXPECT_FALSE(fs::exists(path("runn")));
}

TEST_F(Compare, AStudyIsNoRecipeToTrain) {
  expect_failure(run_heed({"train", recipe_, "--run", path("run")}), 2, "a study for heed compare");
}

// A toy task needs no files, for heed train as well.
TEST_F(Compare, ToysTrainWithoutFiles) {
  std::string text = read_file(recipe_);
  text.resize(text.find("compare:"));
  const std::string recipe = write("task.yaml", text);
  const CommandResult result = run_heed(train_arguments(recipe, path("run")));
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_THAT(result.output, testing::MatchesRegex("exact match: [0-9.]+ %, tokens: [0-9.]+ %\n"));
  EXPECT_TRUE(fs::exists(directory_ / "run" / "data" / "train.source"));
}

}  // namespace
}  // namespace heed
