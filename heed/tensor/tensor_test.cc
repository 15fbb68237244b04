#include "heed/tensor/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace heed {
namespace {

using testing::ElementsAre;

TEST(Tensor, SlicesShareMemory) {
  const Tensor x = Tensor::from_values<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor middle = x.columns(1, 3);
  EXPECT_THAT(middle.to_doubles(), ElementsAre(2, 3, 5, 6));
  EXPECT_FALSE(middle.contiguous());
  EXPECT_THROW(middle.values<float>(), Error);
  EXPECT_EQ(middle.view().row_stride(), 3);
  middle.fill(9);
  EXPECT_THAT(x.to_doubles(), ElementsAre(1, 9, 9, 4, 9, 9));
  EXPECT_THAT(x.rows(1, 2).clone().to_doubles(), ElementsAre(4, 9, 9));
  EXPECT_THAT(x.rows(1, 2).reshape({3}).to_doubles(), ElementsAre(4, 9, 9));
  EXPECT_THROW(x.rows(1, 3), Error);
  EXPECT_THROW(x.reshape({4}), Error);
}

TEST(Tensor, ConvertsBetweenTypes) {
  const Tensor x = Tensor::from_values<float>({1.0f, 1.00390625f, -3.5f}, {3});
  const std::vector<double> values = {1 + 1.0 / 2048,   1 + 3.0 / 2048,     65519,
                                      -65520,           std::ldexp(1, -25), std::ldexp(3, -25),
                                      2047.5 / 16777216};
  EXPECT_THAT(
      Tensor::from_values<double>(values, {7}).to(DType::float16).to_doubles(),
      ElementsAre(1, 1 + 1.0 / 512, 65504, -INFINITY, 0, std::ldexp(1, -23), std::ldexp(1, -13)));
  EXPECT_THAT(x.to(DType::bfloat16).to_doubles(), ElementsAre(1.0, 1.0, -3.5));
  EXPECT_THAT(x.to(DType::float64).to_doubles(), ElementsAre(1.0, 1.00390625, -3.5));
  EXPECT_THROW(x.view().as<double>(), Error);
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Shape, RefusesOverflowAndNegativeSizes) {
  EXPECT_THROW(Shape({-1, 2}), Error);
  EXPECT_THROW(Shape({std::int64_t{1} << 40, std::int64_t{1} << 40}), Error);
  EXPECT_THROW(Shape({0, std::int64_t{1} << 40, std::int64_t{1} << 40}), Error);
  EXPECT_EQ(Shape({0, 5}).element_count(), 0);
  EXPECT_EQ(Shape({2, 3}).text(), "[2, 3]");
}

TEST(Storage, ReusesFreedBlocksAndCountsThePeak) {
  release_cached_memory();
  reset_peak_memory();
  const auto before = memory_statistics();
  const void* first = nullptr;
  {
    const Storage block(1'000'000);
    first = block.data();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0u);
  }
  const Storage again(999'000);
  EXPECT_EQ(again.data(), first);
  EXPECT_GE(memory_statistics().peak_bytes, before.live_bytes + 1'000'000);
  EXPECT_LT(memory_statistics().peak_bytes, before.live_bytes + 1'200'000);
}

TEST(Storage, KeepsNoMoreThanThePeakOfUse) {
  release_cached_memory();
  reset_peak_memory();
  for (std::size_t size = 8'000'000; size < 400'000'000; size += 8'000'000) {
    const Storage block(size);  // ever larger: none fits into an earlier one
  }
  const auto statistics = memory_statistics();
  EXPECT_LE(statistics.live_bytes + statistics.cached_bytes,
            statistics.peak_bytes + statistics.peak_bytes / 8 + (32u << 20));
}

TEST(Storage, StampsAreUnique) {
  Storage a(4), b(4);
  EXPECT_EQ(a.stamp(), 0u);
  a.renew_stamp();
  b.renew_stamp();
  EXPECT_NE(a.stamp(), b.stamp());
}

}  // namespace
}  // namespace heed
