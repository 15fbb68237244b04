// What surrounds the command: terminals of all kinds, places for temporary files, names of files.
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Environment : public CommandTest {
 protected:
  std::string run() const { return path("run"); }

  std::vector<std::string> training(const std::string& directory) const {
    return train_arguments(recipe_, directory, {"--set", "training.max_steps=4"});
  }

  std::string recipe_ = write_small_recipe();
};

// What it writes to a terminal of that kind.
std::string shown(const std::vector<std::string>& arguments,
                  const std::optional<std::string>& terminal,
                  const std::optional<std::string>& no_colour = std::nullopt) {
  const CommandResult result = run_heed(
      arguments, {.terminal = true, .environment = {{"TERM", terminal}, {"NO_COLOR", no_colour}}});
  EXPECT_EQ(result.exit_code, 0) << result.error;
  return result.error;
}

// A terminal that is no more than a printer gets lines, and nothing to move a cursor with.
TEST_F(Environment, OnlyATerminalThatCanIsDrawnOver) {
  ASSERT_EQ(run_heed(training(run())).exit_code, 0);
  const std::vector<std::vector<std::string>> commands = {
      {"train", recipe_, "--run", path("new"), "--set", "training.max_steps=4"},
      {"compare", recipe_, "--run", path("new"), "--vary", "norm=pre,post", "--seeds", "1", "--set",
       "training.max_steps=2", "--set", "data.test.source=[validation.source]", "--set",
       "data.test.target=[validation.target]"},
      {"heads", "--model", run(), "--source", path("validation.source"), "--reference",
       path("validation.target")}};
  for (const std::vector<std::string>& command : commands) {
    const auto on = [&](const auto&... terminal) {
      fs::remove_all(path("new"));
      return shown(command, terminal...);
    };
    EXPECT_THAT(on("xterm-256color"), HasSubstr("\r")) << command[0];
    EXPECT_THAT(on("xterm-256color"), HasSubstr("\033[K")) << command[0];
    EXPECT_THAT(on("xterm-256color", "1"), Not(HasSubstr("\033[36m"))) << command[0];
    for (const std::optional<std::string>& terminal :
         {std::optional<std::string>("dumb"), std::optional<std::string>(""),
          std::optional<std::string>()}) {
      const std::string text = on(terminal);
      EXPECT_THAT(text, Not(HasSubstr("\033"))) << command[0];
      EXPECT_THAT(text, Not(HasSubstr("\r"))) << command[0];
    }
  }
  fs::remove_all(path("new"));
  EXPECT_THAT(shown(commands[0], "xterm"), HasSubstr("\033[36m"));  // a coloured bar
}

// What is temporary lies beside what becomes of it, where there is room for that.
TEST_F(Environment, NoDirectoryForTemporaryFilesIsNeeded) {
  const std::string text_recipe = write_text_recipe();
  const std::vector<std::string> pieces = {"--set", "tokenizer.vocabulary_size=40", "--set",
                                           "tokenizer.hard_vocab_limit=false"};
  const auto with_kind = [&](const std::string& kind) {
    std::vector<std::string> arguments = training(run());
    arguments.insert(arguments.end(), {"--set", "tokenizer.kind=" + kind});
    if (kind.starts_with("sentencepiece")) {
      arguments.insert(arguments.end(), pieces.begin(), pieces.end());
    }
    return arguments;
  };
  const std::vector<std::vector<std::string>> commands = {
      train_arguments(text_recipe, run(), {"--set", "training.max_steps=4"}),
      with_kind("byte"),
      with_kind("sentencepiece-bpe"),
      with_kind("sentencepiece-unigram"),
      with_kind("word"),  // the run of the commands below
      {"translate", "--model", run(), "--input", path("validation.source")},
      {"evaluate", "--model", run(), "--source", path("validation.source"), "--reference",
       path("validation.target")},
      {"average", run(), run(), "--output", path("average")}};
  write("file", "");
  for (const std::string& place : {std::string("/nonexistent"), path("file") + "/below"}) {
    for (const std::vector<std::string>& command : commands) {
      if (command[0] == "train" || command[0] == "average") {
        fs::remove_all(command[0] == "train" ? run() : path("average"));
      }
      const CommandResult result = run_heed(command, {.environment = {{"TMPDIR", place}}});
      EXPECT_EQ(result.exit_code, 0)
          << command[0] << " with TMPDIR=" << place << ": " << result.error;
    }
  }
}

// A name of a file is bytes. Where it is only opened it works; where it is shown it is escaped.
TEST_F(Environment, NamesThatAreNotUtf8Work) {
  const std::string odd = "odd\xff", shown = "odd\\xff";
  const std::string recipe = path(odd + "/" + odd + ".yaml"), run = path(odd + "/run" + odd);
  std::string text = read_file(recipe_);
  text.erase(text.find("title: Small\n"), std::string("title: Small\n").size());
  write(odd + "/" + odd + ".yaml", text);
  const std::string source = path(odd + "/source" + odd), target = path(odd + "/target" + odd);
  fs::copy(path("validation.source"), source);
  fs::copy(path("validation.target"), target);
  const auto works = [&](const std::vector<std::string>& arguments) {
    const CommandResult result = run_heed(arguments);
    EXPECT_EQ(result.exit_code, 0) << arguments[0] << ": " << result.error;
    EXPECT_FALSE(find_invalid_utf8(result.output + result.error)) << arguments[0];
    return result.output;
  };
  works(train_arguments(recipe, run, {"--set", "training.max_steps=4"}));
  EXPECT_THAT(read_file(fs::path(run) / "recipe.yaml"), HasSubstr("title: \"odd\\\\xff\""));
  EXPECT_THAT(read_file(fs::path(run) / "report.html"), HasSubstr("<title>" + shown));
  works(train_arguments(recipe, run, {"--set", "training.max_steps=4", "--resume"}));
  works({"compare", recipe, "--run", path(odd + "/compared"), "--vary", "norm=pre,post", "--seeds",
         "1", "--set", "training.max_steps=2", "--set", "data.test.source=[validation.source]",
         "--set", "data.test.target=[validation.target]"});
  EXPECT_EQ(parse_json(works({"info", run, "--json"}), "info")["directory"],
            path(shown + "/run" + shown + "/step-4"));
  EXPECT_EQ(parse_json(works({"data", "check", "-s", source, "-t", target, "--json"}),
                       "check")["source"]["name"],
            path(shown + "/source" + shown));
  works({"translate", "--model", run, "--input", source});
  works({"evaluate", "--model", run, "--source", source, "--reference", target});
  works({"heads", "--model", run, "--source", source, "--reference", target, "--page",
         path(odd + "/" + odd + ".html")});
  works({"average", run, run, "--output", path(odd + "/mean" + odd)});
  works({"export", run, path(odd + "/exported" + odd)});
  works({"bleu", "--reference", target, "--input", target});
  EXPECT_TRUE(fs::exists(path(odd + "/mean" + odd) + "/model.safetensors"));
}

// What would have to stand in a recipe is refused before anything is written.
TEST_F(Environment, NamesThatAreNotUtf8AreNoPartOfARecipe) {
  const std::string odd = path("odd\xff"), shown = path("odd\\xff");
  const std::string what =
      "is not UTF-8, as all text of a recipe must be; if it names a file, "
      "rename that, or give a link to it";
  const auto refused = [&](const std::vector<std::string>& more) {
    return run_heed(train_arguments(recipe_, run(), more));
  };
  expect_failure(refused({"--init-from", odd}), 2, "--init-from: '" + shown + "' " + what);
  expect_failure(refused({"--set", "data.directory=" + odd}), 2,
                 "--set: 'data.directory=" + shown + "' " + what);
  expect_failure(run_heed({"compare", recipe_, "--run", run(), "--vary", "data.directory=" + odd}),
                 2, "--vary: 'data.directory=" + shown + "' " + what);
  expect_failure(run_heed({"demo", "--run", odd}), 2, "'" + shown + "/data' " + what);
  expect_failure(refused({"--resume"}), 2, "holds no run to continue");
  EXPECT_FALSE(fs::exists(run()) || fs::exists(odd));
}

}  // namespace
}  // namespace heed
