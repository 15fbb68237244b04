#include "heed/training/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/random.h"
#include "heed/nn/layers.h"
#include "heed/ops/elementwise.h"

namespace heed {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// A task of thirty lines: y = x · (3, −2)ᵀ + 1 from points, whose loss is half the squared error.
class LineTask : public Task {
 public:
  struct Points : Batch {
    Tensor x, minus_y;
  };
  class Source : public ExampleSource {
   public:
    Source() : sizes_(200, {1, 0}) {}
    std::span<const ExampleSize> sizes() const override { return sizes_; }
    std::unique_ptr<Batch> make(std::span<const std::uint32_t> examples,
                                std::int64_t) const override {
      std::vector<float> x, y;
      for (const std::uint32_t example : examples) {
        Random random(11, example);
        const double a = random.normal(), b = random.normal();
        x.insert(x.end(), {static_cast<float>(a), static_cast<float>(b)});
        y.push_back(static_cast<float>(-(3 * a - 2 * b + 1)));
      }
      const auto count = static_cast<std::int64_t>(examples.size());
      auto points = std::make_unique<Points>();
      points->predictions = points->tokens = count;
      points->x = Tensor::from_values<float>(x, {count, 2});
      points->minus_y = Tensor::from_values<float>(y, {count, 1});
      return points;
    }

   private:
    std::vector<ExampleSize> sizes_;
  };

  LineTask() : line_(2, 1, cpu_device), source_(std::make_shared<Source>()) {
    initialize_parameters(line_, 1);
  }

  Module& model() override { return line_; }
  std::shared_ptr<const ExampleSource> training() const override { return source_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override {
    const auto& points = static_cast<const Points&>(batch);
    const Tensor error = ops::add(line_.forward(points.x, context), points.minus_y);
    const Tensor sum = ops::sum(ops::multiply(error, error));
    const double plain = nan_at == ++calls ? std::numeric_limits<double>::quiet_NaN()
                                           : static_cast<double>(sum.values<float>()[0]);
    return {ops::scale(sum, static_cast<float>(scale)), plain, plain};
  }
  LossStyle loss_style() const override { return {.unit = "squared error", .perplexity = false}; }
  bool validates() const override { return held_out; }
  std::vector<TaskMeasure> measures() const override {
    return {{{.key = "closeness", .name = "Closeness", .decimals = 1}},
            {{.key = "distance", .name = "Distance", .lower_is_better = true}, true}};
  }
  Evaluation validate(bool thorough, ForwardContext) const override {
    ++validations;
    const double distance = std::abs(line_.weight.value.values<float>()[0] - 3.0f);
    Evaluation evaluation{.loss = distance, .measures = {{"closeness", -distance}}};
    if (thorough) {
      evaluation.measures.emplace_back("distance", distance);
      evaluation.samples = {{"x", "y", "z", std::nullopt}, {"a", "b", "c", 1.0}};
      evaluation.text = "seen\n";
    }
    return evaluation;
  }
  ModelFiles files() const override { return {{"config.json", "{}\n"}}; }

  bool held_out = true;
  std::int64_t nan_at = -1;
  mutable std::int64_t calls = 0, validations = 0;

 private:
  mutable Linear line_;
  std::shared_ptr<Source> source_;
};

class TrainerTest : public testing::Test {
 protected:
  TrainerTest() : directory_(testing::TempDir() + "heed_trainer_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
  }
  ~TrainerTest() override { fs::remove_all(directory_); }

  TrainingSetup setup(Task& task, const std::string& name = "run") {
    fs::create_directories(directory_ / name);
    TrainingSetup setup;
    setup.task = &task;
    setup.training = {.max_steps = 60, .validate_every = 20, .log_every = 10};
    setup.schedule = {.kind = "constant", .learning_rate = 0.1};
    setup.batches = {.batch_tokens = 32};
    setup.directory = directory_ / name;
    return setup;
  }

  std::string refusal(TrainingSetup setup) {
    try {
      Trainer trainer(std::move(setup));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "none";
  }

  fs::path directory_;
};

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

}  // namespace
}  // namespace heed
