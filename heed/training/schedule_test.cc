#include "heed/training/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/base/error.h"

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
  for (const char* kind : {"constant", "plateau", "inverse-sqrt", "cosine", "linear", "wsd"}) {
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

// 1000 steps: 100 of warm-up, 700 at the peak, 200 in which it falls.
TEST(Schedule, WarmupStableDecayFallsOverTheLastShare) {
  ScheduleConfig config = config_of("wsd");
  config.minimum_rate = 0.002;
  const Schedule line(config, 1000);
  EXPECT_DOUBLE_EQ(line.rate(50), 0.005);
  EXPECT_DOUBLE_EQ(line.rate(101), 0.01);
  EXPECT_DOUBLE_EQ(line.rate(800), 0.01);
  EXPECT_NEAR(line.rate(850), 0.008, 1e-15);
  EXPECT_NEAR(line.rate(950), 0.004, 1e-15);
  EXPECT_NEAR(line.rate(1000), 0.002, 1e-15);
  config.decay = "sqrt";
  const Schedule root(config, 1000);
  EXPECT_DOUBLE_EQ(root.rate(800), 0.01);
  EXPECT_NEAR(root.rate(850), 0.006, 1e-15);  // 1 - sqrt(1/4) of 0.008, above 0.002
  EXPECT_NEAR(root.rate(1000), 0.002, 1e-15);
  config.decay_share = 0.9;  // from the warm-up on
  EXPECT_NEAR(Schedule(config, 1000).rate(325), 0.006, 1e-15);
}

TEST(Schedule, SaysWhichRunTowardsTheEnd) {
  for (const char* kind : {"cosine", "linear", "wsd"}) {
    EXPECT_TRUE(Schedule::needs_end(kind)) << kind;
  }
  for (const char* kind : {"constant", "plateau", "inverse-sqrt", "quadratic"}) {
    EXPECT_FALSE(Schedule::needs_end(kind)) << kind;
  }
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
  refuses([](ScheduleConfig& config) { config.decay_share = 0; });
  refuses([](ScheduleConfig& config) { config.decay = "steep"; });
  refuses([](ScheduleConfig& config) {
    config.kind = "wsd";
    config.decay_share = 0.95;  // and 100 of 1000 steps are the warm-up
  });
}

}  // namespace
}  // namespace heed
