// What trained models can do: copy and reverse sequences, translate real text; and what happens
// when training goes wrong. HEED_LONG_TESTS=1 asks for the recipes in full.
#include <cstdlib>
#include <sstream>

#include "heed/base/json.h"
#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    result.push_back(line);
  }
  return result;
}

class Learning : public CommandTest {
 protected:
  // Trains recipes/NAME.yaml on fresh sequences; the share of 1,000 others that it answers exactly.
  double exact_share(ToyTask task, const std::vector<std::string>& more) {
    const std::string name(toy_task_name(task));
    ToyTaskOptions options;  // 1 … 20 symbols out of 20
    options.pair_count = 20'000;
    write_pairs(name + "/train", task, options, 1);
    options.pair_count = 200;
    write_pairs(name + "/validation", task, options, 2);
    options.pair_count = 1'000;
    write_pairs(name + "/test", task, options, 3);

    const std::string recipe = std::string(HEED_SOURCE_DIR) + "/recipes/" + name + ".yaml";
    std::vector<std::string> all = {"--set", "data.directory=" + path(name)};
    all.insert(all.end(), more.begin(), more.end());
    const CommandResult trained = run_heed(train_arguments(recipe, path("run"), all));
    EXPECT_EQ(trained.exit_code, 0) << trained.error;
    CommandOptions input;
    input.input = read_file(path(name + "/test.source"));
    const CommandResult translated =
        run_heed({"translate", "--model", path("run"), "--threads", "2"}, input);
    EXPECT_EQ(translated.exit_code, 0) << translated.error;
    const auto found = lines_of(translated.output);
    const auto expected = lines_of(read_file(path(name + "/test.target")));
    EXPECT_EQ(found.size(), expected.size());
    int exact = 0;
    for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
      exact += found[i] == expected[i] ? 1 : 0;
    }
    std::printf("%s: %d of %zu exact\n%s", name.c_str(), exact, expected.size(),
                trained.error.c_str());
    return exact / static_cast<double>(expected.size());
  }

  static void skip_unless_long() {
    if (std::getenv("HEED_LONG_TESTS") == nullptr) {
      GTEST_SKIP() << "trains for a minute; set HEED_LONG_TESTS=1 to run it";
    }
  }
};

TEST_F(Learning, CopyWithinSeconds) {
  EXPECT_GE(exact_share(ToyTask::copy, {"--set", "training.max_steps=500"}), 0.99);
}

TEST_F(Learning, CopyInFull) {
  skip_unless_long();
  if (!IsSkipped()) {
    EXPECT_GE(exact_share(ToyTask::copy, {}), 0.999);
  }
}

TEST_F(Learning, ReverseInFull) {
  skip_unless_long();
  if (!IsSkipped()) {
    EXPECT_GE(exact_share(ToyTask::reverse, {}), 0.999);
  }
}

// Weights of 10³⁰ make the next loss infinite or no number.
TEST_F(Learning, NonFiniteLossStopsAndIsNamed) {
  const std::string recipe = write_small_recipe();
  const std::vector<std::string> wild = {"--set", "schedule.learning_rate=1e30", "--set",
                                         "optimizer.clip_norm=0"};
  const CommandResult stopped = run_heed(train_arguments(recipe, path("stopped"), wild));
  expect_failure(stopped, 1, "step 2, epoch 1, batch 2: loss ");
  EXPECT_THAT(stopped.error, HasSubstr("not finite; lower schedule.learning_rate"));

  std::vector<std::string> skip = wild;
  skip.insert(skip.end(), {"--set", "training.non_finite=skip", "--set", "training.max_steps=25",
                           "--set", "training.thorough_every=0"});
  const CommandResult skipped = run_heed(train_arguments(recipe, path("skipped"), skip));
  EXPECT_EQ(skipped.exit_code, 0) << skipped.error;
  const fs::path state = path("skipped") / fs::path("last/state.json");
  EXPECT_EQ(Json::parse(read_file(state)).at("skipped"), 24);
  EXPECT_THAT(skipped.error, HasSubstr("24 of 25 updates skipped"));
  // What is not finite in its metrics does not keep it from going on.
  skip.insert(skip.end(), {"--resume", "--set", "training.max_steps=30"});
  const CommandResult resumed = run_heed(train_arguments(recipe, path("skipped"), skip));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.error;
  EXPECT_EQ(Json::parse(read_file(state)).at("skipped"), 29);

  // Text cannot be decoded with such weights; where it is asked for, that ends the run.
  std::erase(skip, "--resume");
  skip.insert(skip.end(), {"--set", "training.thorough_every=1"});
  expect_failure(run_heed(train_arguments(recipe, path("decoded"), skip)), 1,
                 "its weights are damaged or training diverged");
}

// An empty line and a line longer than the model takes are translated in one way everywhere: what
// training measures at its end, `heed evaluate` measures to the digit.
TEST_F(Learning, TheTestOfARunIsWhatEvaluateMeasures) {
  const std::string recipe = write_small_recipe();
  std::string source = "1 2 3\n\n", target = "3 2 1\n4\n";
  for (int i = 0; i < 40; ++i) {  // model.max_length is 16
    source += std::to_string(i % 9) + " ";
    target += std::to_string(i % 7) + " ";
  }
  write("test.source", source + "\n5 6\n");
  write("test.target", target + "\n6 5\n");
  const CommandResult trained =
      run_heed(train_arguments(recipe, path("run"),
                               {"--set", "data.test={source: [test.source], target: [test.target]}",
                                "--set", "training.max_steps=60", "--set", "decoding.beam=3"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.error;
  EXPECT_THAT(trained.output, HasSubstr("BLEU|nrefs:1"));
  const CommandResult evaluated =
      run_heed({"evaluate", "--model", path("run"), "--source", path("test.source"), "--reference",
                path("test.target"), "--metrics", "bleu", "--output", path("out")});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.error;
  EXPECT_EQ(evaluated.output, trained.output);
  EXPECT_THAT(evaluated.error, HasSubstr("translated in pieces"));
  EXPECT_EQ(lines_of(read_file(path("out"))).at(1), "");
}

// A directory whose targets begin with </s>, as BART's do, and not with the padding symbol.
TEST_F(Learning, FineTuningBeginsTextsAsTheModelDid) {
  const std::string recipe = write_small_recipe();
  const std::vector<std::string> short_run = {"--set", "training.max_steps=20", "--set",
                                              "decoding.validation_beam=1"};
  ASSERT_EQ(run_heed(train_arguments(recipe, path("run"), short_run)).exit_code, 0);
  fs::copy(fs::canonical(path("run/last")), path("given"));
  for (const char* name : {"given/config.json", "given/generation_config.json"}) {
    Json json = Json::parse(read_file(path(name)));
    ASSERT_NE(json.at("pad_token_id"), json.at("eos_token_id"));
    json["decoder_start_token_id"] = json.at("eos_token_id");
    write(name, json.dump());
  }
  std::vector<std::string> tune = short_run;
  tune.insert(tune.end(), {"--set", "init_from=" + path("given")});
  const CommandResult tuned = run_heed(train_arguments(recipe, path("tuned"), tune));
  ASSERT_EQ(tuned.exit_code, 0) << tuned.error;
  const Json config = Json::parse(read_file(path("tuned/last/config.json")));
  EXPECT_EQ(config.at("decoder_start_token_id"), config.at("eos_token_id"));

  // Validation and the commands give the same loss and the same texts, by the same symbols.
  const CommandResult scored =
      run_heed({"score", "--json", "--model", path("tuned/last"), "-s", path("validation.source"),
                "-t", path("validation.target")});
  ASSERT_EQ(scored.exit_code, 0) << scored.error;
  double sum = 0;
  int tokens = 0;
  for (const std::string& line : lines_of(scored.output)) {
    const Json pair = Json::parse(line);
    sum -= pair.at("log_probability").get<double>();
    tokens += pair.at("tokens").get<int>();
  }
  double loss = 0;
  for (const std::string& line : lines_of(read_file(path("tuned/metrics.jsonl")))) {
    const Json record = Json::parse(line);
    loss = record.at("type") == "validation" ? record.at("loss").get<double>() : loss;
  }
  EXPECT_NEAR(sum / tokens, loss, 1e-4);
  CommandOptions input;
  input.input = read_file(path("validation.source"));
  const CommandResult translated =
      run_heed({"translate", "--beam", "1", "--model", path("tuned/last")}, input);
  EXPECT_EQ(translated.output, read_file(path("tuned/validation/step-20.txt")));

  // From the padding symbol the same weights say something else.
  Json padding = config;
  padding["decoder_start_token_id"] = config.at("pad_token_id");
  write("given/config.json", padding.dump());
  fs::copy_file(path("tuned/last/model.safetensors"), path("given/model.safetensors"),
                fs::copy_options::overwrite_existing);
  const CommandResult other =
      run_heed({"score", "--json", "--model", path("given"), "-s", path("validation.source"), "-t",
                path("validation.target")});
  EXPECT_NE(other.output, scored.output);
}

class RealText : public CommandTest {
 protected:
  void SetUp() override {
    const char* data = std::getenv("HEED_DATA");
    if (data == nullptr) {
      GTEST_SKIP() << "HEED_DATA is not set: needs a directory with data/multi30k in it";
    }
    data_ = std::string(data) + "/data/multi30k";
    ASSERT_TRUE(fs::is_directory(data_)) << data_ << ": no such directory (HEED_DATA)";
  }
  std::string data_;
};

TEST_F(RealText, TrainTranslateEvaluate) {
  const std::string recipe = std::string(HEED_SOURCE_DIR) + "/recipes/multi30k-quick.yaml";
  const CommandResult trained = run_heed(train_arguments(
      recipe, path("run"),
      {"--set", "data.directory=" + data_, "--set", "training.max_steps=150", "--set",
       "schedule.warmup_steps=50", "--set", "training.validate_every=50", "--set",
       "training.thorough_every=3", "--set", "training.best_by=loss", "--set",
       "training.log_every=10", "--set", "data.test.source=[]", "--set", "data.test.target=[]"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.error;
  std::vector<double> losses;
  for (const std::string& line : lines_of(read_file(path("run/metrics.jsonl")))) {
    const Json json = Json::parse(line);
    if (json.at("type") == "validation") {
      losses.push_back(json.at("loss"));
    }
  }
  ASSERT_EQ(losses.size(), 3u);
  EXPECT_LT(losses[1], losses[0]);
  EXPECT_LT(losses[2], losses[1]);
  EXPECT_LT(losses[2], 6.5);  // far below log(8000) = 9.0

  std::vector<std::string> source = lines_of(read_file(data_ + "/test_2016_flickr.en"));
  std::vector<std::string> reference = lines_of(read_file(data_ + "/test_2016_flickr.de"));
  CommandOptions input;
  for (int i = 0; i < 3; ++i) {
    input.input += source[i] + "\n";
  }
  const CommandResult translated =
      run_heed({"translate", "--model", path("run"), "--threads", "2"}, input);
  EXPECT_EQ(translated.exit_code, 0) << translated.error;
  EXPECT_EQ(lines_of(translated.output).size(), 3u) << translated.output;

  std::string sources, references;
  for (int i = 0; i < 40; ++i) {
    sources += source[i] + "\n";
    references += reference[i] + "\n";
  }
  const CommandResult evaluated =
      run_heed({"evaluate", "--model", path("run"), "--source", write("test.en", sources),
                "--reference", write("test.de", references), "--lowercase", "--threads", "2"});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.error;
  const auto scores = lines_of(evaluated.output);
  ASSERT_EQ(scores.size(), 2u) << evaluated.output;
  EXPECT_THAT(scores[0], testing::StartsWith("BLEU|nrefs:1|case:lc|eff:no|tok:13a|"));
  EXPECT_THAT(scores[1], testing::StartsWith("chrF2|nrefs:1|case:lc|"));
}

}  // namespace
}  // namespace heed
