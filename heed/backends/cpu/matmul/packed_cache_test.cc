#include "heed/backends/cpu/matmul/packed_cache.h"

#include <gtest/gtest.h>

namespace heed::cpu {
namespace {

using namespace std::chrono_literals;

struct Copy {
  std::size_t bytes() const { return 100; }
};

class PackedCacheTest : public testing::Test {
 protected:
  static PackedKey key(std::int64_t weight) {
    return {nullptr, weight, 1, 1, 1, true, PackedType::float32};
  }
  // Fetches the copy of a weight, by its number; returns whether it had to be made.
  bool made(std::int64_t weight, std::uint64_t stamp) {
    bool answer = false;
    cache_.fetch(
        key(weight), stamp,
        [&] {
          answer = true;
          return std::make_shared<const Copy>();
        },
        0, now_);
    return answer;
  }
  bool fetched(std::int64_t weight, std::uint64_t stamp, int patience) {
    const auto make = [] { return std::make_shared<const Copy>(); };
    return cache_.fetch(key(weight), stamp, make, patience, now_) != nullptr;
  }

  PackedCache<Copy> cache_;
  PackedCache<Copy>::Clock::time_point now_{1h};
};

TEST_F(PackedCacheTest, MakesACopyOnceForEachContent) {
  EXPECT_TRUE(made(1, 5));
  EXPECT_FALSE(made(1, 5));
  EXPECT_TRUE(made(1, 6));
  EXPECT_TRUE(made(2, 6));
  EXPECT_EQ(cache_.statistics().entries, 2u);
  EXPECT_EQ(cache_.statistics().bytes, 200u);
}

TEST_F(PackedCacheTest, WaitsUntilACopyPays) {
  EXPECT_FALSE(fetched(1, 5, 2));
  EXPECT_FALSE(cache_.worth_making(key(1), 5, 2));
  EXPECT_TRUE(fetched(1, 5, 2));
  EXPECT_TRUE(fetched(1, 5, 2));
  EXPECT_TRUE(cache_.worth_making(key(1), 5, 100));
  // Of another content it counts anew.
  EXPECT_FALSE(fetched(1, 6, 2));
  EXPECT_FALSE(fetched(1, 6, 2));
  EXPECT_TRUE(fetched(1, 6, 2));
  EXPECT_EQ(cache_.statistics().entries, 1u);
}

TEST_F(PackedCacheTest, DropsWhatNobodyFetches) {
  made(1, 5);
  made(2, 5);
  now_ += 50s;
  EXPECT_FALSE(made(2, 5));
  now_ += 20s;
  EXPECT_FALSE(made(2, 5));
  EXPECT_EQ(cache_.statistics().entries, 1u);
  EXPECT_TRUE(made(1, 5));
}

}  // namespace
}  // namespace heed::cpu
