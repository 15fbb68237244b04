// Against scikit-learn, SciPy, seqeval and SQuAD's official script
// (tools/make_class_metric_fixtures.py).
#include "heed/metrics/class_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/metrics/answers.h"
#include "heed/metrics/bootstrap.h"
#include "heed/metrics/calibration.h"
#include "heed/metrics/correlation.h"
#include "heed/metrics/entities.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using Numbers = std::vector<std::int32_t>;
using Tags = std::vector<std::string>;

const Json& fixture() {
  static const Json json =
      parse_json(read_file(std::string(HEED_SOURCE_DIR) + "/tests/data/metrics/classes.json"), "");
  return json;
}

double score(const Metric& metric, const SentenceStatistics& rows) {
  return metric.score_of(rows.total());
}

TEST(ClassMetrics, AreScikitLearns) {
  ASSERT_EQ(fixture().at("classes").size(), 4u);
  for (const Json& item : fixture().at("classes")) {
    const std::int64_t classes = item.at("classes");
    const auto right = item.at("right").get<Numbers>(),
               predicted = item.at("predicted").get<Numbers>();
    SentenceStatistics rows(class_columns(classes));
    ConfusionMatrix confusion(classes);
    for (std::size_t i = 0; i < right.size(); ++i) {
      rows.append(class_row({&predicted[i], 1}, {&right[i], 1}, classes));
      confusion.add(right[i], predicted[i]);
    }
    const auto expect = [&](ClassMeasure measure, const char* key) {
      const ClassMetric metric(measure, classes);
      EXPECT_EQ(metric.style().key, key);
      EXPECT_NEAR(score(metric, rows), 100 * item.at(key).get<double>(), 1e-10) << key;
    };
    expect(ClassMeasure::accuracy, "accuracy");
    expect(ClassMeasure::micro_f1, "micro_f1");
    expect(ClassMeasure::macro_f1, "macro_f1");
    expect(ClassMeasure::matthews, "matthews");
    if (classes == 2) {
      expect(ClassMeasure::f1, "f1");
      const auto interval =
          bootstrap_interval(ClassMetric(ClassMeasure::accuracy, classes), rows, {});
      EXPECT_NEAR(interval.mean, 100 * item.at("accuracy").get<double>(), 0.5);
      EXPECT_GT(interval.half_width, 1);
    }
    for (std::int64_t a = 0; a < classes; ++a) {
      for (std::int64_t b = 0; b < classes; ++b) {
        EXPECT_EQ(confusion.at(a, b), item.at("confusion")[a][b].get<std::int64_t>());
      }
    }
  }
}

TEST(ClassMetrics, OfSeveralLabels) {
  const Json& item = fixture().at("several");
  const auto right = item.at("right").get<std::vector<Numbers>>(),
             predicted = item.at("predicted").get<std::vector<Numbers>>();
  SentenceStatistics rows(class_columns(5));
  for (std::size_t i = 0; i < right.size(); ++i) {
    rows.append(class_row(predicted[i], right[i], 5));
  }
  EXPECT_NEAR(score(ClassMetric(ClassMeasure::accuracy, 5), rows),
              100 * item.at("accuracy").get<double>(), 1e-10);
  EXPECT_NEAR(score(ClassMetric(ClassMeasure::micro_f1, 5), rows),
              100 * item.at("micro_f1").get<double>(), 1e-10);
  EXPECT_NEAR(score(ClassMetric(ClassMeasure::macro_f1, 5, true), rows),
              100 * item.at("macro_f1").get<double>(), 1e-10);
  EXPECT_THROW(class_row(Numbers{5}, Numbers{0}, 5), Error);
}

TEST(Correlations, AreSciPys) {
  for (const Json& item : fixture().at("correlations")) {
    const auto rows = correlation_statistics(item.at("predicted").get<std::vector<double>>(),
                                             item.at("right").get<std::vector<double>>());
    EXPECT_NEAR(score(Correlation::pearson(), rows), 100 * item.at("pearson").get<double>(), 1e-6);
    EXPECT_NEAR(score(Correlation::spearman(), rows), 100 * item.at("spearman").get<double>(),
                1e-6);
    const auto interval = bootstrap_interval(Correlation::pearson(), rows, {});
    EXPECT_NEAR(interval.mean, 100 * item.at("pearson").get<double>(), 10);
  }
  const std::vector<double> same = {0.1, 0.1, 0.1}, other = {1, 2, 3};
  EXPECT_EQ(score(Correlation::pearson(), correlation_statistics(same, other)), 0);
  EXPECT_EQ(score(Correlation::spearman(), correlation_statistics(same, other)), 0);
  EXPECT_THROW(correlation_statistics(std::vector<double>{NAN}, std::vector<double>{1}), Error);
}

TEST(Entities, AreSeqevals) {
  const Json& item = fixture().at("entities");
  for (const Json& sequence : item.at("sequences")) {
    const auto tags = sequence.at("tags").get<Tags>();
    std::vector<Entity> wanted;
    for (const Json& entity : sequence.at("entities")) {
      wanted.push_back({entity[0], entity[1], entity[2]});
    }
    EXPECT_EQ(entities_of(tags), wanted) << sequence.dump();
  }
  SentenceStatistics rows(tag_columns);
  for (std::size_t i = 0; i < item.at("right").size(); ++i) {
    rows.append(tag_row(item.at("predicted")[i].get<Tags>(), item.at("right")[i].get<Tags>()));
  }
  EXPECT_NEAR(score(EntityMetric::f1(), rows), 100 * item.at("f1").get<double>(), 1e-10);
  EXPECT_NEAR(score(EntityMetric::precision(), rows), 100 * item.at("precision").get<double>(),
              1e-10);
  EXPECT_NEAR(score(EntityMetric::recall(), rows), 100 * item.at("recall").get<double>(), 1e-10);
}

TEST(Entities, TagsThatBreakTheirSchemeAreCounted) {
  EXPECT_TRUE(are_entity_tags(Tags{"O", "B-x", "E-x"}));
  EXPECT_FALSE(are_entity_tags(Tags{"O", "O"}));
  EXPECT_FALSE(are_entity_tags(Tags{"NOUN", "O"}));
  EXPECT_EQ(broken_tags(Tags{"I-a", "I-a", "B-b", "I-a", "O"}, false), 2);
  EXPECT_EQ(broken_tags(Tags{"B-a", "E-a", "B-a", "O", "S-a", "B-b", "I-b"}, true), 2);
}

TEST(Answers, AreTheOfficialScripts) {
  const Json& item = fixture().at("answers");
  SentenceStatistics rows(answer_columns);
  for (const Json& pair : item.at("pairs")) {
    const std::string given = pair.at("given");
    const auto right = pair.at("right").get<Tags>();
    EXPECT_EQ(normalised_answer(given), pair.at("normalised")) << pair.dump();
    EXPECT_EQ(answer_exact(given, right), pair.at("exact").get<double>()) << pair.dump();
    EXPECT_EQ(answer_f1(given, right), pair.at("f1").get<double>()) << pair.dump();
    rows.append(answer_row(given, right));
  }
  EXPECT_NEAR(score(AnswerMetric::exact(), rows), item.at("exact_match").get<double>(), 1e-10);
  EXPECT_NEAR(score(AnswerMetric::f1(), rows), item.at("f1").get<double>(), 1e-9);
  EXPECT_EQ(answer_f1("", {}), 1);
  EXPECT_EQ(answer_exact("x", {}), 0);
}

TEST(Calibration, ErrorAndTemperature) {
  const Json& item = fixture().at("calibration");
  const std::int64_t classes = item.at("classes");
  const auto logits = item.at("logits").get<std::vector<float>>();
  const auto right = item.at("right").get<Numbers>();
  const auto probabilities = probabilities_of(logits, classes);
  EXPECT_NEAR(calibration_error(probabilities, classes, right), item.at("error").get<double>(),
              1e-12);
  const double temperature = best_temperature(logits, classes, right);
  EXPECT_NEAR(temperature, item.at("temperature").get<double>(), 1e-5);
  EXPECT_THROW(best_temperature(logits, 3, right), Error);
}

}  // namespace
}  // namespace heed
