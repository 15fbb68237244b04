#include "heed/training/budget.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "heed/formats/checkpoint_directory.h"
#include "heed/training/test_line_task.h"

namespace heed {
namespace {

using testing::HasSubstr;

TEST(Budget, ReadsTimes) {
  EXPECT_EQ(seconds_of_budget("90s"), 90);
  EXPECT_EQ(seconds_of_budget("20m"), 1200);
  EXPECT_EQ(seconds_of_budget("1.5h"), 5400);
  EXPECT_EQ(seconds_of_budget("1h30m5s"), 5405);
  for (const char* text : {"", "20", "m", "20 m", "20d", "-5m", "0s", "20m3", "1e3s", "infs"}) {
    EXPECT_THROW(seconds_of_budget(text), Error) << text;
  }
}

TEST(Budget, CountsAllThatARunDoes) {
  const RunCosts costs{.step = 1,
                       .validation = 10,
                       .thorough_validation = 100,
                       .checkpoint = 1000,
                       .validate_every = 5,
                       .thorough_every = 2,
                       .save_every = 20};
  // Validations after 5, 10, 15, 20, 25 and 28 steps, three of them thorough; a checkpoint with
  // each, and for those after 20 and 28 steps another.
  EXPECT_EQ(costs.of(28), 28 + 3 * 10 + 3 * 100 + 8 * 1000);
  const RunCosts plain{.step = 2, .checkpoint = 5};
  EXPECT_EQ(plain.of(10), 25);
  EXPECT_EQ(steps_within(plain, 25), 10);
  EXPECT_EQ(steps_within(plain, 26.9), 10);
  EXPECT_EQ(steps_within(plain, 27), 11);
  EXPECT_EQ(steps_within(plain, 0), 1);
}

// Steps of 4 ms and validations of 150 ms.
class SlowTask : public LineTask {
 public:
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
    return LineTask::loss(batch, scale, context);
  }
  Evaluation validate(bool thorough, ForwardContext context) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    return LineTask::validate(thorough, context);
  }
};

class BudgetedRun : public TrainerTest {
 protected:
  TrainingSetup budgeted(Task& task) {
    TrainingSetup result = setup(task);
    result.training.max_steps = 0;
    result.training.budget = "3s";
    result.training.validate_every = 100;
    result.schedule = {.kind = "cosine", .learning_rate = 0.1};
    return result;
  }
};

TEST_F(BudgetedRun, EndsInTime) {
  SlowTask task;
  TrainingSetup run = budgeted(task);
  const BudgetPlan plan = plan_budget(run, 3);
  EXPECT_EQ(plan.interrupted, 0);
  EXPECT_TRUE(list_checkpoints(run.directory).empty());
  EXPECT_FALSE(fs::exists(run.directory / ".budget"));
  SlowTask anew;
  run.task = &anew;
  run.training.budget.clear();
  run.training.max_steps = plan.steps;
  run.seconds_before = plan.seconds_spent;
  const TrainingOutcome outcome = Trainer(run).run();
  EXPECT_EQ(outcome.steps, plan.steps);
  EXPECT_NEAR(outcome.seconds, 3, 0.5);  // 0.05 on a machine with nothing else to do
}

TEST_F(BudgetedRun, AnInterruptEndsTheMeasuring) {
  SlowTask task;
  TrainingSetup run = budgeted(task);
  run.interrupted = [] { return 15; };
  EXPECT_EQ(plan_budget(run, 3).interrupted, 15);
  EXPECT_FALSE(fs::exists(run.directory / ".budget"));
}

TEST_F(BudgetedRun, IsRefusedWhereItMakesNoSense) {
  SlowTask task;
  TrainingSetup undecided = budgeted(task);
  undecided.schedule.kind = "constant";
  EXPECT_THAT(refusal(undecided), HasSubstr("training.budget: a trainer takes"));
  TrainingSetup both = budgeted(task);
  both.training.max_steps = 60;
  EXPECT_THAT(refusal(both), HasSubstr("training.budget: not together with training.max_steps"));
  TrainingSetup warm = budgeted(task);
  warm.schedule.warmup_steps = 1000000;
  try {
    plan_budget(warm, 1);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("the warm-up of schedule.warmup_steps takes 1000000"));
  }
}

}  // namespace
}  // namespace heed
