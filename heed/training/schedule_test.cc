#include "heed/training/schedule.h"
#include "heed/base/error.h"
#include "heed/base/json.h"

#include <gtest/gtest.h>

#include "heed/base/error.h"

#include <cmath>

namespace heed {
namespace {

ScheduleConfig config_of(const char* kind) {
  ScheduleConfig config;
  config.kind = kind;
  config.learning_rate = 0.01;
  config.warmup_steps = 100;
  return config;
}

TEST(Schedule, WarmsUpLinearlyToThePeak) {
  for (const char* kind : {"constant", "plateau", "inverse-sqrt", "cosine", "linear"}) {
    const Schedule schedule(config_of(kind), 1000);
    EXPECT_DOUBLE_EQ(schedule.rate(1), 0.0001) << kind;
    EXPECT_DOUBLE_EQ(schedule.rate(50), 0.005) << kind;
    EXPECT_DOUBLE_EQ(schedule.rate(100), 0.01) << kind;
  }
}

TEST(Schedule, FollowsItsFormula) {
  EXPECT_DOUBLE_EQ(Schedule(config_of("constant"), 0).rate(5000), 0.01);
  EXPECT_DOUBLE_EQ(Schedule(config_of("inverse-sqrt"), 0).rate(400), 0.005);
  EXPECT_NEAR(Schedule(config_of("cosine"), 1100).rate(600), 0.005, 1e-15);
  EXPECT_NEAR(Schedule(config_of("cosine"), 1100).rate(1100), 0.0, 1e-15);
  EXPECT_NEAR(Schedule(config_of("linear"), 1100).rate(850), 0.0025, 1e-15);
  ScheduleConfig floored = config_of("linear");
  floored.minimum_rate = 0.004;
  EXPECT_NEAR(Schedule(floored, 1100).rate(1100), 0.004, 1e-15);
  EXPECT_NEAR(Schedule(floored, 1100).rate(99999), 0.004, 1e-15);
}

TEST(Schedule, PlateauFallsAfterPatienceAndResumes) {
  ScheduleConfig config = config_of("plateau");
  config.patience = 2;
  config.factor = 0.5;
  Schedule schedule(config, 0);
  for (const double loss : {3.0, 2.0, 2.5}) {
    schedule.observe(loss);
  }
  EXPECT_DOUBLE_EQ(schedule.rate(200), 0.01);
  Schedule resumed(config, 0);
  resumed.restore(schedule.state());
  for (Schedule* each : {&schedule, &resumed}) {
    each->observe(2.0);  // no lower than the best
    EXPECT_DOUBLE_EQ(each->rate(200), 0.005);
    each->observe(1.0);
    EXPECT_DOUBLE_EQ(each->rate(200), 0.005);
  }
}

TEST(Schedule, RefusesWhatMakesNoSense) {
  const auto refuses = [](auto change) {
    ScheduleConfig config = config_of("linear");
    change(config);
    EXPECT_THROW(Schedule(config, 1000), Error);
  };
  refuses([](ScheduleConfig& config) { config.kind = "quadratic"; });
  refuses([](ScheduleConfig& config) { config.learning_rate = 0; });
  refuses([](ScheduleConfig& config) { config.learning_rate = NAN; });
  refuses([](ScheduleConfig& config) { config.warmup_steps = 1000; });
  refuses([](ScheduleConfig& config) { config.minimum_rate = 1; });
  refuses([](ScheduleConfig& config) { config.patience = 0; });
}

}  // namespace
}  // namespace heed
