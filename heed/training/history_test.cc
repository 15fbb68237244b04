#include "heed/training/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "heed/base/files.h"
#include "heed/base/number_text.h"
#include "heed/training/progress.h"
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
    history.add(ValidationRecord{.step = 10, .epoch = 1, .loss = 2.5, .bleu = 31.25, .best = true});
    bytes = history.flush();
    history.add(step(20));
  }
  const std::string before = read_file(directory_ / "metrics.jsonl");
  {
    History history(directory_, bytes, 10);
    ASSERT_EQ(history.steps().size(), 1u);
    ASSERT_EQ(history.validations().size(), 1u);
    EXPECT_EQ(history.validations()[0].bleu, 31.25);
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

TEST_F(HistoryTest, TheReportShowsTheHistory) {
  History history(directory_, 0, -1);
  history.add(step(10));
  history.add(ValidationRecord{.step = 10, .epoch = 1, .loss = 2.5, .bleu = 31.25, .best = true});
  const std::vector<std::string> lines = {"Ein Hund rennt."};
  const RunReport report = make_run_report({.title = "a run",
                                            .history = &history,
                                            .parameters = 1234567,
                                            .best_bleu = 31.25,
                                            .sources = lines,
                                            .references = lines,
                                            .translations = lines,
                                            .samples = 3});
  ASSERT_EQ(report.samples.size(), 1u);
  EXPECT_NEAR(*report.samples[0].score, 100.0, 1e-9);
  EXPECT_EQ(report.history.best_row, 0u);
  const std::string page = render_report(report);
  EXPECT_THAT(page, testing::HasSubstr("1,234,567"));
  EXPECT_THAT(page, testing::HasSubstr("31.25"));
  EXPECT_THAT(report.history.columns, testing::Contains("BLEU"));
}

TEST_F(HistoryTest, TheReportOfALanguageModelHasNoColumnForBleu) {
  History history(directory_, 0, -1);
  history.add(step(10));
  history.add(ValidationRecord{.step = 10, .epoch = 1, .loss = 2.5, .best = true});
  const RunReport report =
      make_run_report({.title = "a run", .history = &history, .parameters = 1234567});
  EXPECT_THAT(report.history.columns, testing::Not(testing::Contains("BLEU")));
  ASSERT_EQ(report.history.rows.size(), 1u);
  EXPECT_EQ(report.history.rows[0].size(), report.history.columns.size());
  EXPECT_EQ(report.history.rows[0][5], "12.18");
  EXPECT_THAT(render_report(report), testing::Not(testing::HasSubstr("BLEU")));
}

TEST(Progress, WritesNumbersAsPeopleReadThem) {
  EXPECT_EQ(duration_text(59.6), "1:00");
  EXPECT_EQ(duration_text(3723), "1:02:03");
  EXPECT_EQ(count_text(55207087), "55,207,087");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(-1000), "-1,000");
}

}  // namespace
}  // namespace heed
