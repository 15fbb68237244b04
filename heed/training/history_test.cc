#include "heed/training/history.h"
#include "heed/base/error.h"

#include <fmt/format.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/training/run_report.h"

namespace heed {
namespace {

class HistoryTest : public testing::Test {
 protected:
  HistoryTest()
      : directory_(std::filesystem::temp_directory_path() /
                   fmt::format("heed_history_test_{}", ::getpid())) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  ~HistoryTest() override { std::filesystem::remove_all(directory_); }

  static StepRecord step(std::int64_t number) {
    return {.step = number, .epoch = 1, .loss = 1.0 / static_cast<double>(number)};
  }

  std::filesystem::path directory_;
};

TEST_F(HistoryTest, CutsOffWhatCameAfterTheCheckpoint) {
  std::uint64_t bytes = 0;
  {
    History history(directory_, 0, -1);
    history.add(step(10));
    history.add(ValidationRecord{
        .step = 10, .epoch = 1, .loss = 2.5, .measures = {{"share", 31.25}}, .best = true});
    bytes = history.flush();
    history.add(step(20));
  }
  const std::string before = read_file(directory_ / "metrics.jsonl");
  {
    History history(directory_, bytes, 10);
    ASSERT_EQ(history.steps().size(), 1u);
    ASSERT_EQ(history.validations().size(), 1u);
    EXPECT_EQ(history.validations()[0].measure("share"), 31.25);
    EXPECT_EQ(history.validations()[0].measure("other"), std::nullopt);
    history.add(step(20));
  }
  EXPECT_EQ(read_file(directory_ / "metrics.jsonl"), before);
  std::vector<std::int64_t> steps;
  for (const Event& event : read_event_file(directory_ / "events.out.tfevents.heed")) {
    if (!event.scalars.empty() && event.scalars[0].tag == "train/loss") {
      steps.push_back(event.step);
    }
  }
  EXPECT_THAT(steps, testing::ElementsAre(10, 20));
}

TEST_F(HistoryTest, RefusesMetricsThatWereCutOrChanged) {
  write_file(directory_ / "metrics.jsonl", "{\"type\":\"step\"}\n");
  EXPECT_THROW(History(directory_, 16, 0), Error);
  EXPECT_THROW(History(directory_, 1000, 0), Error);
}

TEST_F(HistoryTest, ReadsBackWhatIsNotFinite) {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  {
    History history(directory_, 0, -1, false);
    history.add(StepRecord{.step = 10, .loss = nothing, .gradient_norm = INFINITY});
    history.add(ValidationRecord{
        .step = 10, .train_loss = -INFINITY, .loss = nothing, .measures = {{"share", nothing}}});
  }
  const Metrics metrics = read_metrics(directory_ / "metrics.jsonl");
  ASSERT_EQ(metrics.validations.size(), 1u);
  EXPECT_TRUE(std::isnan(metrics.steps.at(0).loss));
  EXPECT_TRUE(std::isnan(metrics.validations[0].loss));
  EXPECT_TRUE(std::isnan(*metrics.validations[0].measure("share")));
  EXPECT_THAT(read_file(directory_ / "metrics.jsonl"),
              testing::Not(testing::HasSubstr("perplexity")));
}

// What a page needs of a task.
class NamedTask : public Task {
 public:
  explicit NamedTask(std::vector<TaskMeasure> measures) : measures_(std::move(measures)) {}
  Module& model() override { fail(ErrorKind::failure, "no model"); }
  std::shared_ptr<const ExampleSource> training() const override { return nullptr; }
  Loss loss(const Batch&, double, ForwardContext&) const override { return {}; }
  std::vector<TaskMeasure> measures() const override { return measures_; }
  void add_to_report(RunReport& report) const override { report.notes.emplace_back("of its own"); }
  ModelFiles files() const override { return {}; }

 private:
  std::vector<TaskMeasure> measures_;
};

TEST_F(HistoryTest, TheReportShowsTheHistory) {
  History history(directory_, 0, -1);
  history.add(step(10));
  const ValidationRecord record{
      .step = 10, .epoch = 1, .loss = 2.5, .measures = {{"share", 31.25}}, .best = true};
  history.add(record);
  history.add(ValidationRecord{.step = 20, .epoch = 1, .loss = 2.4});
  const NamedTask task({{.style = {.key = "share", .name = "Share", .decimals = 1}}});
  const std::vector<Sample> samples = {{"in", "expected", "given", 50.0}};
  const RunReport report = make_run_report({.title = "a run",
                                            .history = &history,
                                            .task = &task,
                                            .parameters = 1234567,
                                            .best = &record,
                                            .samples = samples});
  ASSERT_EQ(report.samples.size(), 1u);
  EXPECT_EQ(report.history.best_row, 0u);
  EXPECT_THAT(report.history.columns, testing::Contains("Share"));
  EXPECT_THAT(report.history.rows[0], testing::Contains("31.25"));
  EXPECT_THAT(report.history.rows[0], testing::Contains("12.18"));  // exp(2.5)
  EXPECT_THAT(report.history.rows[1], testing::Contains("–"));
  const std::string page = render_report(report);
  EXPECT_THAT(page, testing::HasSubstr("1,234,567"));
  EXPECT_THAT(page, testing::HasSubstr("31.25"));
  EXPECT_THAT(page, testing::HasSubstr("of its own"));
}

}  // namespace
}  // namespace heed
