#include "heed/comparison/measures.h"

#include <gtest/gtest.h>

#include "heed/metrics/sequence_accuracy.h"

namespace heed {
namespace {

std::vector<std::string> keys_of(const std::vector<std::shared_ptr<const Metric>>& metrics) {
  std::vector<std::string> keys;
  for (const auto& metric : metrics) {
    keys.push_back(metric->style().key);
  }
  return keys;
}

std::shared_ptr<const Metric> share(const std::string& key) {
  return std::make_shared<Share>(MetricStyle{.key = key}, 0, 1);
}

TEST(GroupMeasures, WithoutAMetricByLengthTheOneThatDecidesIsTaken) {
  GroupMeasures measures{.metric = share("a")};
  EXPECT_EQ(measures.length_metric(), measures.metric);
  EXPECT_TRUE(measures.all_but(measures.metric).empty());
  measures.by_length = share("b");
  EXPECT_EQ(measures.length_metric(), measures.by_length);
}

// By key: a second object of the same metric makes no second column.
TEST(GroupMeasures, EveryOtherMetricIsNamedOnce) {
  const GroupMeasures measures{.metric = share("a"),
                               .by_length = share("b"),
                               .besides = {share("c"), share("a"), share("b"), share("c")}};
  EXPECT_EQ(keys_of(measures.all_but(measures.metric)), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(keys_of(measures.all_but(measures.length_metric())),
            (std::vector<std::string>{"a", "c"}));
}

}  // namespace
}  // namespace heed
