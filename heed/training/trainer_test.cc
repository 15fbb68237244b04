#include "heed/training/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/formats/safetensors.h"
#include "heed/training/test_line_task.h"

namespace heed {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

TEST_F(TrainerTest, LearnsAndKeepsTheBest) {
  LineTask task;
  Trainer trainer(setup(task));
  const TrainingOutcome outcome = trainer.run();
  EXPECT_EQ(outcome.steps, 60);
  EXPECT_EQ(task.validations, 3);
  ASSERT_TRUE(outcome.best_validation);
  EXPECT_LT(outcome.best_validation->loss, 0.1);
  EXPECT_EQ(outcome.best, directory_ / "run" / "best");
  EXPECT_TRUE(fs::exists(outcome.best / "config.json"));
  EXPECT_EQ(read_file(directory_ / "run" / "validation" / "step-60.txt"), "seen\n");
  const std::string page = read_file(directory_ / "run" / "report.html");
  EXPECT_THAT(page, HasSubstr("Closeness"));
  EXPECT_THAT(page, HasSubstr("squared error"));
  const std::string metrics = read_file(directory_ / "run" / "metrics.jsonl");
  EXPECT_THAT(metrics, HasSubstr("\"distance\":"));
  EXPECT_THAT(metrics, testing::Not(HasSubstr("perplexity")));
}

// A run that is stopped between two validations and goes on ends with the bytes of one that is not.
TEST_F(TrainerTest, ResumesToTheSameBytes) {
  LineTask whole;
  Trainer(setup(whole, "whole")).run();
  for (const std::int64_t stop : {1, 7, 20, 41, 59}) {
    LineTask first;
    TrainingSetup interrupted = setup(first);
    interrupted.interrupted = [&] { return first.calls >= stop ? 15 : 0; };
    EXPECT_EQ(Trainer(interrupted).run().interrupted, 15);
    LineTask second;
    TrainingSetup resumed = setup(second);
    resumed.resume = true;
    EXPECT_EQ(Trainer(resumed).run().steps, 60);
    for (const char* file : {"step-60/model.safetensors", "step-60/optimizer.safetensors"}) {
      EXPECT_EQ(read_file(directory_ / "run" / file), read_file(directory_ / "whole" / file))
          << file << " after a stop at " << stop;
    }
    EXPECT_EQ(fs::read_symlink(directory_ / "run" / "best"),
              fs::read_symlink(directory_ / "whole" / "best"));
    fs::remove_all(directory_ / "run");
  }
}

// Gradients of several batches make one update, each prediction with the same weight.
TEST_F(TrainerTest, AccumulatesOverBatches) {
  LineTask task;
  TrainingSetup accumulating = setup(task);
  accumulating.training.accumulate = 3;
  accumulating.training.max_steps = 4;
  EXPECT_EQ(Trainer(accumulating).run().steps, 4);
  EXPECT_EQ(task.calls, 12);
}

TEST_F(TrainerTest, TheBestIsFoundByAnyMeasureInItsDirection) {
  for (const char* key : {"closeness", "distance"}) {
    LineTask task;
    TrainingSetup by_measure = setup(task, key);
    by_measure.training.best_by = key;
    const TrainingOutcome outcome = Trainer(by_measure).run();
    EXPECT_LT(*outcome.best_validation->measure("distance"), 0.1) << key;
  }
}

TEST_F(TrainerTest, RefusesMeasuresThatThereAreNot) {
  LineTask task;
  TrainingSetup unknown = setup(task);
  unknown.training.best_by = "accuracy";
  EXPECT_THAT(refusal(unknown),
              HasSubstr("'accuracy': validation measures loss, closeness, distance"));
  TrainingSetup rarely = setup(task);
  rarely.training.best_by = "distance";
  rarely.training.thorough_every = 2;
  EXPECT_THAT(refusal(rarely), HasSubstr("needs thorough_every 1"));
  task.held_out = false;
  TrainingSetup patient = setup(task);
  patient.training.max_steps = 0;
  patient.training.patience = 3;
  EXPECT_THAT(refusal(patient), HasSubstr("no held-out data to be patient about"));
}

TEST_F(TrainerTest, SkipsAnUpdateThatIsNotFinite) {
  LineTask task;
  task.nan_at = 5;
  TrainingSetup skipping = setup(task);
  skipping.training.non_finite = "skip";
  const TrainingOutcome outcome = Trainer(skipping).run();
  EXPECT_EQ(outcome.skipped, 1);
  EXPECT_LT(outcome.best_validation->loss, 0.2);
  LineTask stopping;
  stopping.nan_at = 5;
  Trainer trainer(setup(stopping, "stopped"));
  EXPECT_THROW(trainer.run(), Error);
}

TEST_F(TrainerTest, RunsWithoutHeldOutData) {
  LineTask task;
  task.held_out = false;
  const TrainingOutcome outcome = Trainer(setup(task)).run();
  EXPECT_FALSE(outcome.best_validation);
  EXPECT_EQ(outcome.best, directory_ / "run" / "last");
  EXPECT_EQ(task.validations, 0);
}

// Nothing says that another model would be better than the average that was asked for.
TEST_F(TrainerTest, AveragesTheLastCheckpointsWithoutHeldOutData) {
  LineTask task;
  task.held_out = false;
  TrainingSetup averaging = setup(task);
  averaging.training.save_every = 10;
  averaging.training.average_last = 3;
  const TrainingOutcome outcome = Trainer(averaging).run();
  const fs::path run = directory_ / "run";
  EXPECT_EQ(outcome.best, run / "best");
  EXPECT_EQ(fs::read_symlink(run / "best"), "average");
  const auto weight = [](const fs::path& model) {
    return SafetensorsFile(model / "model.safetensors").tensor("weight").values<float>()[0];
  };
  EXPECT_NEAR(weight(outcome.best),
              (weight(run / "step-40") + weight(run / "step-50") + weight(run / "step-60")) / 3,
              1e-6);
  EXPECT_NE(weight(outcome.best), weight(run / "last"));
}

TEST_F(TrainerTest, SaysThatOneCheckpointIsNothingToAverage) {
  struct Listening : Progress {
    void warning(const std::string& text) override { warnings.push_back(text); }
    std::vector<std::string> warnings;
  };
  for (const bool held_out : {true, false}) {
    LineTask task;
    task.held_out = held_out;
    Listening progress;
    TrainingSetup averaging = setup(task, held_out ? "held-out" : "none");
    averaging.training.validate_every = 60;
    averaging.training.average_last = 3;
    averaging.progress = &progress;
    const TrainingOutcome outcome = Trainer(averaging).run();
    EXPECT_EQ(outcome.best.filename(), held_out ? "best" : "last");
    EXPECT_FALSE(fs::exists(averaging.directory / "average"));
    EXPECT_THAT(progress.warnings,
                testing::ElementsAre(HasSubstr("the run saved one checkpoint only")));
  }
}

}  // namespace
}  // namespace heed
