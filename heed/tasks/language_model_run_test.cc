// Runs of a language model: a time in place of steps, and averages of weights.
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/safetensors.h"
#include "heed/interop/load_model.h"
#include "heed/models/language_model.h"
#include "heed/tasks/run.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

class LanguageModelRun : public testing::Test {
 protected:
  LanguageModelRun()
      : directory_(testing::TempDir() + "heed_language_model_run_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    std::string text;
    for (int i = 0; i < 400; ++i) {
      text += "line " + std::to_string(i * i) + (i % 3 == 0 ? " of a text.\n" : " again.\n");
    }
    write_file(directory_ / "a.txt", text);
    write_file(directory_ / "b.txt", "line 5 of a text.\nline 6 again.\n");
  }
  ~LanguageModelRun() override { fs::remove_all(directory_); }

  RunOutcome run(const std::string& name, const std::vector<std::string>& overrides,
                 const RunOptions& options = {}, bool validates = false) const {
    write_file(directory_ / "recipe.yaml",
               "task: language_modelling\n"
               "data: {directory: " +
                   directory_.string() + ", train: [a.txt], " +
                   (validates ? "validation: [b.txt], " : "") +
                   "window: 16}\n"
                   "model: {d_model: 8, layers: 1, heads: 2, feed_forward_size: 8}\n"
                   "batches: {batch_tokens: 64}\n"
                   "optimizer: {kind: muon}\n"
                   "schedule: {kind: cosine, learning_rate: 0.01}\n");
    return run_recipe(directory_ / "recipe.yaml", overrides, directory_ / name, options);
  }

  std::map<std::string, std::vector<double>> weights(const std::string& model) const {
    const SafetensorsFile file(directory_ / model / "model.safetensors");
    std::map<std::string, std::vector<double>> result;
    for (const SafetensorsEntry& entry : file.entries()) {
      result[entry.name] = file.tensor(entry.name).to_doubles();
    }
    return result;
  }
  void expect_same(const std::map<std::string, std::vector<double>>& got,
                   const std::map<std::string, std::vector<double>>& expected) const {
    ASSERT_EQ(got.size(), expected.size());
    for (const auto& [name, values] : expected) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        ASSERT_NEAR(got.at(name)[i], values[i], 1e-6) << name;
      }
    }
  }

  fs::path directory_;
};

// Interrupts a run after some steps.
class Interrupter : public Progress {
 public:
  explicit Interrupter(std::int64_t after) : left_(after) {}
  void update(const ProgressState&) override { --left_; }
  void line(const std::string& text) override { lines += text + "\n"; }
  std::function<int()> question() const {
    return [this] { return left_ <= 0 ? 15 : 0; };
  }
  std::string lines;

 private:
  std::int64_t left_;
};

TEST_F(LanguageModelRun, ABudgetIsDecidedOnce) {
  const std::vector<std::string> budget = {"training={budget: 1.5s, validate_every: 40}"};
  Interrupter interrupter(5);
  const RunOutcome begun =
      run("run", budget, {.progress = &interrupter, .interrupted = interrupter.question()}, true);
  EXPECT_EQ(begun.training.interrupted, 15);
  EXPECT_EQ(begun.training.steps, 6);  // a run asks before it tells of the step
  EXPECT_NE(interrupter.lines.find("budget of 1.5s: "), std::string::npos) << interrupter.lines;
  const auto decided = read_recipe(directory_ / "run" / "recipe.yaml", {}).settings.training;
  EXPECT_EQ(decided.budget, "");
  EXPECT_GT(decided.max_steps, 6);

  const RunOutcome ended = run("run", budget, {.resume = true}, true);
  EXPECT_EQ(ended.training.steps, decided.max_steps);
  EXPECT_EQ(ended.training.reason, "reached " + std::to_string(decided.max_steps) + " steps");
  run("whole",
      {"training={max_steps: " + std::to_string(decided.max_steps) + ", validate_every: 40}"}, {},
      true);
  for (const char* file : {"last/model.safetensors", "last/optimizer.safetensors"}) {
    EXPECT_EQ(read_file(directory_ / "run" / file), read_file(directory_ / "whole" / file)) << file;
  }
}

TEST_F(LanguageModelRun, ABudgetThatWasInterruptedIsMeasuredAnew) {
  const std::vector<std::string> budget = {"training.budget=500s"};
  EXPECT_EQ(run("run", budget, {.interrupted = [] { return 2; }}).training.interrupted, 2);
  EXPECT_TRUE(list_checkpoints(directory_ / "run").empty());
  const RunOutcome outcome = run("run", {"training.budget=0.3s"}, {.resume = true});
  EXPECT_EQ(outcome.training.interrupted, 0);
  EXPECT_LT(outcome.training.seconds, 2);
}

// Everything that speeds small decoders up, through training, a checkpoint and a model directory.
TEST_F(LanguageModelRun, AModelOfAllChoicesIsSavedAndLoaded) {
  run("run",
      {"training.max_steps=3",
       "model={d_model: 8, layers: 5, heads: 4, feed_forward_size: 8, norm: pre, norm_kind: rms, "
       "activation: relu_squared, position: {kind: rotary}, tie_embeddings: none, skips: true, "
       "attention: {key_heads: 2, qk_norm: true, topology: window, windows: [2, 0]}, "
       "value_embeddings: 2, initial_branches: zero, initial_logits: zero, logit_soft_cap: 15}"},
      {}, true);
  const LoadedModel loaded = load_model(directory_ / "run");
  const auto saved = weights("run/best");
  const auto tensors = stored_tensors_of(*loaded.module);
  EXPECT_EQ(tensors.size(), saved.size());
  for (const NamedTensor& item : tensors) {
    EXPECT_EQ(item.tensor.to_doubles(), saved.at(item.name)) << item.name;
  }
  const auto* model = dynamic_cast<const LanguageModel*>(loaded.module.get());
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->config().value_embeddings, 2);
  EXPECT_TRUE(model->config().skips);
  // Not all of it is still as it began.
  EXPECT_NE(saved.at("lm_head.weight")[0], 0);
  EXPECT_NE(saved.at("model.decoder.value_embeddings.1.weight"),
            weights("run/best").at("model.decoder.value_embeddings.0.weight"));
  EXPECT_NE(saved.at("model.decoder.skips.0")[0], 1);
}

// Other programs have layouts for these, with names of their own.
TEST_F(LanguageModelRun, StylesOfOthersAreTrainedAndLoaded) {
  for (const char* preset : {"nanogpt-shakespeare-small", "gpt2-124m", "llama-260k"}) {
    SCOPED_TRACE(preset);
    const std::string name = std::string("run ") + preset;
    run(name,
        {"training.max_steps=2",
         std::string("model={layers: 2, d_model: 8, heads: 4, feed_forward_size: 8, "
                     "max_length: 32, preset: ") +
             preset + "}"},
        {}, true);
    const LoadedModel loaded = load_model(directory_ / name);
    const auto saved = weights(name + "/best");
    for (const NamedTensor& item : stored_tensors_of(*loaded.module)) {
      EXPECT_EQ(item.tensor.to_doubles(), saved.at(item.name)) << item.name;
    }
  }
}

// After each step the average is 0.9 of itself and 0.1 of the weights; it begins with the first.
TEST_F(LanguageModelRun, AMovingAverageNeedsNoHeldOutData) {
  run("plain", {"training={max_steps: 6, save_every: 1, keep_last: 10}"});
  run("start", {"training={max_steps: 1, save_every: 1}", "schedule.learning_rate=1e-30"});
  auto expected = weights("start/step-1");
  for (int step = 1; step <= 6; ++step) {
    for (const auto& [name, values] : weights("plain/step-" + std::to_string(step))) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        expected[name][i] = 0.9 * expected[name][i] + 0.1 * values[i];
      }
    }
  }
  const RunOutcome outcome =
      run("averaged", {"training.max_steps=6", "optimizer.average_decay=0.9"});
  EXPECT_EQ(outcome.training.best, directory_ / "averaged" / "last");
  expect_same(weights("averaged/last"), expected);
}

TEST_F(LanguageModelRun, AnAverageOfSnapshotsNeedsNoHeldOutData) {
  const RunOutcome outcome =
      run("run", {"training={max_steps: 6, save_every: 2, average_last: 3}"});
  EXPECT_EQ(outcome.training.best, directory_ / "run" / "best");
  auto expected = weights("run/step-2");
  const auto fourth = weights("run/step-4"), sixth = weights("run/step-6");
  for (auto& [name, values] : expected) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = (values[i] + fourth.at(name)[i] + sixth.at(name)[i]) / 3;
    }
  }
  expect_same(weights("run/best"), expected);
}

}  // namespace
}  // namespace heed
