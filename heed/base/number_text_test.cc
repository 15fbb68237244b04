#include "heed/base/number_text.h"

#include <gtest/gtest.h>

namespace heed {
namespace {

TEST(NumberText, ReadsAsPeopleWriteNumbers) {
  EXPECT_EQ(duration_text(59.6), "1:00");
  EXPECT_EQ(duration_text(3723), "1:02:03");
  EXPECT_EQ(count_text(55207087), "55,207,087");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(-1000), "-1,000");
}

}  // namespace
}  // namespace heed
