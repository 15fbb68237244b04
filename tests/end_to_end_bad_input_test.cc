// Everything that can be wrong with what `heed train` is given: one clear line, the documented exit
// code, and nothing half-written, so that the same line works once the mistake is mended.
#include <csignal>

#include "heed/formats/event_file.h"
#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int usage = 2, bad_data = 65, input_output = 74;

class BadInput : public CommandTest {
 protected:
  BadInput() { run_ = path("run"); }

  CommandResult train(const std::vector<std::string>& more = {},
                      const CommandOptions& options = {}) {
    std::vector<std::string> all = {"--set", "training.max_steps=3", "--set",
                                    "training.validate_every=3"};
    all.insert(all.end(), more.begin(), more.end());
    return run_heed(train_arguments(recipe_, run_, all), options);
  }

  // The line fails as documented and leaves no part of a run; and then, mended, it works.
  void expect_refused(const CommandResult& result, int exit_code, const std::string& what) {
    expect_failure(result, exit_code, what);
    for (const std::string& name : names_in(run_)) {
      EXPECT_FALSE(name.ends_with(".tmp") || name.ends_with(".index") ||
                   name.find("step-") != std::string::npos || name == "recipe.yaml")
          << name << " stays";
    }
  }
  void expect_mended() {
    const CommandResult result = train();
    EXPECT_EQ(result.exit_code, 0) << result.error;
  }

  std::string recipe_ = write_small_recipe();
  std::string run_;
};

struct BadCorpus {
  const char* name;
  const char* file;
  std::string content;
  std::string what;  // the file's path stands before it
};

void PrintTo(const BadCorpus& item, std::ostream* out) {
  *out << item.name;
}

class BadCorpusFile : public BadInput, public testing::WithParamInterface<BadCorpus> {};

TEST_P(BadCorpusFile, IsRefused) {
  const BadCorpus& corpus = GetParam();
  const std::string sound = read_file(path(corpus.file));
  write(corpus.file, corpus.content);
  expect_refused(train(), bad_data, path(corpus.file) + corpus.what);
  write(corpus.file, sound);
  expect_mended();
}

INSTANTIATE_TEST_SUITE_P(
    Train, BadCorpusFile,
    testing::Values(
        BadCorpus{"Shorter", "train.source", "1 2\n3\n", " has 2 lines, but "},
        BadCorpus{"ShorterValidation", "validation.source", "1 2\n3\n", " has 2 lines, but "},
        BadCorpus{"InvalidUtf8", "train.source", "1\n2 \xC3(\n",
                  ":2: invalid UTF-8 at byte 2 of the line"},
        BadCorpus{"InvalidUtf8InValidation", "validation.target", "1\n2\n\xFF\n",
                  ":3: invalid UTF-8 at byte 0 of the line"},
        BadCorpus{"Nul", "train.target", std::string("1\n2\n3 \0 4\n", 10),
                  ":3: NUL byte at byte 2 of the line"},
        BadCorpus{"LongLine", "train.source", "1\n" + std::string(10'000'000, '7') + "\n",
                  ":2: the line is longer than "}),
    [](const auto& info) { return info.param.name; });

TEST_F(BadInput, LineCountsAreBothNamed) {
  write("train.target", "1\n2\n3\n");
  expect_refused(train(), bad_data,
                 path("train.source") + " has 400 lines, but " + path("train.target") +
                     " has 3; they must correspond line by line");
}

TEST_F(BadInput, EmptyCorpora) {
  for (const std::string name : {"train", "validation"}) {
    const std::string source = read_file(path(name + ".source"));
    const std::string target = read_file(path(name + ".target"));
    write(name + ".source", "");
    write(name + ".target", "");
    expect_refused(train(), bad_data, path(name + ".source") + ": the corpus is empty");
    write(name + ".source", "\n \n");
    write(name + ".target", "\n\n");
    expect_refused(train(), bad_data,
                   name == "train" ? "no word occurs 2 times"
                                   : path("validation.source") + ": no usable pair");
    write(name + ".source", source);
    write(name + ".target", target);
  }
  expect_mended();
}

TEST_F(BadInput, FilesThatCannotBeRead) {
  const auto with = [&](const std::string& file) {
    return train({"--set", "data.train.source=[" + file + "]"});
  };
  expect_refused(with("missing.txt"), input_output, path("missing.txt") + ": cannot open: no such");
  expect_refused(with(directory_.string()), input_output,
                 directory_.string() + ": is a directory, expected a file");
  expect_refused(with("/dev/zero"), input_output, "/dev/zero: is no regular file");
  expect_refused(train({"--set", "data.test.source=[gone]", "--set", "data.test.target=[gone]"}),
                 input_output, path("gone") + ": cannot open: no such file");
  if (::geteuid() != 0) {  // nothing is unreadable to root
    write("secret", "1\n");
    fs::permissions(path("secret"), fs::perms::none);
    expect_refused(with("secret"), input_output, path("secret") + ": cannot open");
  }
  EXPECT_FALSE(fs::exists(run_));
  expect_failure(run_heed({"train", path("missing.yaml")}), input_output, path("missing.yaml"));
  expect_failure(run_heed({"train", directory_.string()}), input_output, directory_.string());
  expect_mended();
}

TEST_F(BadInput, RunDirectoryThatCannotBeMade) {
  write("taken", "a file");
  run_ = path("taken");
  expect_failure(train(), input_output, run_ + ": cannot create");
  EXPECT_EQ(read_file(run_), "a file");
}

TEST_F(BadInput, KeysAndValues) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"model.d_modle=16", "unknown key 'model.d_modle'; did you mean 'model.d_model'?"},
      {"trainig.max_steps=5", "unknown key 'trainig'; did you mean 'training'?"},
      {"model.d_model=wide", "model.d_model: expected integer, got \"wide\""},
      {"model.d_model=16.5", "model.d_model: expected integer, got 16.5"},
      {"model.d_model=99999999999", "model.d_model: 99999999999 is out of range"},
      {"model=16", "model: expected a section of keys, got 16"},
      {"data.train.source=train.source", "data.train.source: expected list of text"},
      {"tokenizer.joint=maybe", "tokenizer.joint: expected true or false, got \"maybe\""},
      {"model.d_model=-16", "model.d_model: must be positive, got -16"},
      {"model.d_model=17", "model.d_model: 17 is not divisible by model.heads"},
      {"model.heads=0", "model.heads: must be positive, got 0"},
      {"model.dropout=1", "model.dropout: must be in [0, 1), got 1"},
      {"model.dropout=.nan", "model.dropout"},
      {"model.norm=middle", "model.norm 'middle': expected post, pre, sandwich, branch"},
      {"model.activation=rely", "rely"},
      {"model.position.kind=spiral", "spiral"},
      {"batches.batch_tokens=-5", "batch_tokens: -5"},
      {"data.length.longest=1", "longest: 1"},
      {"tokenizer.kind=words", "words"},
      {"tokenizer.vocabulary_size=-1", "vocabulary_size"},
      {"optimizer.kind=sgd", "optimizer.kind 'sgd': expected adam, adamw, muon"},
      {"optimizer.epsilon=0", "optimizer.epsilon: must be positive"},
      {"schedule.learning_rate=-1", "schedule.learning_rate: must be positive, got -1"},
      {"training.max_steps=-1", "training.max_steps: must be at least 0, got -1"},
      {"training.best_by=luck", "training.best_by 'luck': validation measures loss, bleu"},
      {"precision=float16", "precision 'float16': expected float32 or bf16"},
      {"decoding.beam=0", "beam"},
      {"seed=-1", "seed: must not be negative, got -1"},
      {"model", "model"},
      {"=5", "=5"},
  };
  for (const auto& [assignment, what] : cases) {
    SCOPED_TRACE(assignment);
    expect_refused(train({"--set", assignment}), usage, what);
  }
  expect_refused(train({"--threads", "0"}), usage, "--threads");
  expect_refused(train({"--seed", "many"}), usage, "--seed");
  expect_refused(train({"--precision", "fp8"}), usage, "precision 'fp8'");
  expect_refused(train({"--init-from", path("nothing")}), input_output, "no such directory");
  expect_mended();
}

TEST_F(BadInput, RecipesThatAreNoYaml) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"model: {d_model: 16\n", "recipe.yaml:"},
      {"model:\n  d_model: 16\n  d_model: 32\n", "d_model"},
      {"model:\n  d_model: 010\n", "010"},
      {"- a\n- list\n", "the top level: expected a section of keys"},
      {"title: \"\\xff\n", "recipe.yaml"},
      {"title: \xff\n", "recipe.yaml"},
      {std::string("title: a\0b\n", 11), "recipe.yaml"},
      {"", "task: is missing; say what is learned, such as `task: translation` (known: "},
      {"task: translation\n", "data.train: name the files to learn from"},
      {"task: [a]\n", "task: expected one of translation, language_modelling"},
      {std::string(200'000, '['), "recipe.yaml"},
  };
  for (const auto& [text, what] : cases) {
    SCOPED_TRACE(text.substr(0, 40));
    write("recipe.yaml", text);
    const CommandResult result = run_heed(train_arguments(recipe_, run_));
    EXPECT_TRUE(result.exit_code == usage || result.exit_code == bad_data) << result.exit_code;
    expect_refused(result, result.exit_code, what);
  }
  EXPECT_FALSE(fs::exists(run_));
}

// The size of files is limited instead of the disk's.
class FullDisk : public BadInput {};

TEST_F(FullDisk, WhileSaving) {
  const std::vector<std::string> begin = {"--set", "training.max_steps=14", "--set",
                                          "training.validate_every=1000"};
  const CommandResult first = run_heed(train_arguments(recipe_, run_, begin));
  ASSERT_EQ(first.exit_code, 0) << first.error;
  const auto before = snapshot(run_);
  // The events of a run as bytes; without those of validations, if `training_only`.
  const auto events = [&](bool training_only) {
    std::string bytes;
    for (const Event& event : read_event_file(fs::path(run_) / "events.out.tfevents.heed")) {
      const bool of_validation =
          !event.scalars.empty() && event.scalars[0].tag.starts_with("validation/");
      bytes += training_only && of_validation ? "" : encode_event(event);
    }
    return bytes;
  };
  const std::string training_events = events(true);
  EXPECT_NE(training_events, events(false));
  const std::vector<std::string> on = {"--resume", "--set", "training.max_steps=30", "--set",
                                       "training.validate_every=1000"};
  CommandOptions full;
  full.file_limit = fs::file_size(fs::path(run_) / "last" / "optimizer.safetensors") - 100;
  expect_failure(run_heed(train_arguments(recipe_, run_, on), full), input_output,
                 ".tmp: cannot write: File too large");
  // The checkpoint of before is what it was, and nothing lies beside it.
  auto after = snapshot(run_);
  // The validation that only the first end called for is no more, as the run goes on.
  std::string metrics = before.at("metrics.jsonl");
  metrics.resize(metrics.rfind('\n', metrics.size() - 2) + 1);
  EXPECT_TRUE(after["metrics.jsonl"].starts_with(metrics));
  EXPECT_TRUE(events(false).starts_with(training_events));
  for (const auto& [name, content] : before) {
    if (name == "metrics.jsonl" || name.starts_with("events.") || name.starts_with("best") ||
        name.starts_with("validation/")) {
      after[name] = content;
    }
  }
  after["recipe.yaml"] = before.at("recipe.yaml");  // it says how far the run was to go
  EXPECT_EQ(after, before);

  const CommandResult resumed = run_heed(train_arguments(recipe_, run_, on));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.error;
  EXPECT_EQ(fs::read_symlink(fs::path(run_) / "last"), "step-30");
}

TEST_F(FullDisk, AtAnyMoment) {
  for (const std::uint64_t limit : {100, 500, 2'000, 6'000, 12'000, 25'000, 40'000, 60'000}) {
    CommandOptions full;
    full.file_limit = limit;
    const CommandResult result = train({}, full);
    if (result.exit_code != 0) {
      EXPECT_EQ(result.signal, 0) << limit;
      EXPECT_EQ(result.exit_code, input_output) << limit << ": " << result.error;
      EXPECT_EQ(error_lines(result.error).size(), 1u) << result.error;
    }
    for (const std::string& name : names_in(run_)) {
      EXPECT_EQ(name.find(".tmp"), std::string::npos) << limit << ": " << name;
    }
    fs::remove_all(run_);
  }
}

TEST_F(BadInput, OutputThatNobodyTakes) {
  write("test.source", "1 2\n3 4 5\n");
  write("test.target", "2 1\n5 4 3\n");
  const std::vector<std::string> test = {"--set", "data.test.source=[test.source]", "--set",
                                         "data.test.target=[test.target]"};
  CommandOptions full;
  full.output_path = "/dev/full";
  const CommandResult result = train(test, full);
  EXPECT_EQ(result.exit_code, input_output);
  EXPECT_THAT(error_lines(result.error),
              testing::ElementsAre("heed: cannot write to standard output: "
                                   "No space left on device"));
  // The run itself is whole.
  const CommandResult info = run_heed({"info", run_});
  EXPECT_EQ(info.exit_code, 0) << info.error;
}

}  // namespace
}  // namespace heed
