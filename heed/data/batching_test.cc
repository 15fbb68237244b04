#include "heed/data/batching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>

#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/data/batch_stream.h"
#include "heed/data/prefetcher.h"
#include "heed/data/test_files.h"

namespace heed {
namespace {

using ::testing::HasSubstr;

std::vector<ExampleSize> random_lengths(std::size_t count) {
  Random random(9);
  std::vector<ExampleSize> lengths(count);
  for (ExampleSize& length : lengths) {
    length.first = 1 + static_cast<std::int32_t>(random.below(60));
    length.second = 1 + static_cast<std::int32_t>(random.below(60));
  }
  return lengths;
}

void expect_complete_and_within(const BatchPlan& plan, const std::vector<ExampleSize>& lengths,
                                const BatchConfig& config) {
  std::set<std::uint32_t> seen;
  for (std::int64_t i = 0; i < plan.size(); ++i) {
    std::int64_t source = 0;
    std::int64_t target = 0;
    const auto batch = plan.batch(i);
    ASSERT_FALSE(batch.empty());
    for (const std::uint32_t example : batch) {
      EXPECT_TRUE(seen.insert(example).second);
      source += lengths[example].first;
      target += lengths[example].second;
    }
    EXPECT_LE(std::max<std::int64_t>(source, target), config.batch_tokens);
    if (config.max_sentences > 0) {
      EXPECT_LE(batch.size(), static_cast<std::size_t>(config.max_sentences));
    }
  }
  EXPECT_EQ(seen.size(), lengths.size());
}

TEST(BatchPlan, HoldsEachExampleOnceWithinTheLimits) {
  for (const std::size_t count : {0, 1, 2, 1000}) {
    const auto lengths = random_lengths(count);
    for (const BatchConfig config :
         {BatchConfig{.batch_tokens = 200, .max_sentences = 0, .bucket_width = 8},
          BatchConfig{.batch_tokens = 60, .max_sentences = 0, .bucket_width = 0},
          BatchConfig{.batch_tokens = 4096, .max_sentences = 7, .bucket_width = 1}}) {
      expect_complete_and_within(make_plan(lengths, config, 1, 0), lengths, config);
      expect_complete_and_within(make_ordered_plan(lengths, config), lengths, config);
    }
  }
}

TEST(BatchPlan, IsShuffledByEpochAndSeedAlone) {
  const auto lengths = random_lengths(1000);
  const BatchConfig config{.batch_tokens = 500};
  const BatchPlan plan = make_plan(lengths, config, 1, 3);
  EXPECT_EQ(plan.examples, make_plan(lengths, config, 1, 3).examples);
  EXPECT_NE(plan.examples, make_plan(lengths, config, 1, 4).examples);
  EXPECT_NE(plan.examples, make_plan(lengths, config, 2, 3).examples);
  // Which sentences meet in a batch changes as well, not just the order of the batches.
  const auto partners_of_0 = [&](std::int64_t epoch) {
    const BatchPlan other = make_plan(lengths, config, 1, epoch);
    for (std::int64_t i = 0; i < other.size(); ++i) {
      const auto batch = other.batch(i);
      if (std::find(batch.begin(), batch.end(), 0u) != batch.end()) {
        return std::set<std::uint32_t>(batch.begin(), batch.end());
      }
    }
    return std::set<std::uint32_t>{};
  };
  EXPECT_NE(partners_of_0(1), partners_of_0(2));
}

TEST(BatchPlan, BringsEqualLengthsTogetherAndFillsBatches) {
  const auto lengths = random_lengths(5000);
  const BatchConfig config{.batch_tokens = 1000};
  const BatchPlan plan = make_plan(lengths, config, 1, 0);
  double spread = 0;
  std::int64_t tokens = 0;
  for (std::int64_t i = 0; i < plan.size(); ++i) {
    std::int32_t shortest = 1000, longest = 0;
    for (const std::uint32_t example : plan.batch(i)) {
      shortest = std::min(shortest, lengths[example].second);
      longest = std::max(longest, lengths[example].second);
      tokens += lengths[example].second;
    }
    spread += longest - shortest;
  }
  EXPECT_LT(spread / static_cast<double>(plan.size()), 10);
  // Source and target lengths are independent here, so the larger side fills its limit and the
  // other one lags behind.
  EXPECT_GT(tokens, plan.size() * 1000 * 6 / 10);
  // The batches do not come sorted by length.
  std::vector<std::int32_t> firsts;
  for (std::int64_t i = 0; i < plan.size(); ++i) {
    firsts.push_back(lengths[plan.batch(i)[0]].second);
  }
  EXPECT_FALSE(std::is_sorted(firsts.begin(), firsts.end()));
}

TEST(BatchPlan, KeepsTheOrderForValidation) {
  const auto lengths = random_lengths(100);
  const BatchPlan plan = make_ordered_plan(lengths, {.batch_tokens = 100});
  EXPECT_TRUE(std::is_sorted(plan.examples.begin(), plan.examples.end()));
  EXPECT_GT(plan.size(), 1);
}

TEST(BatchPlan, RefusesWhatDoesNotFit) {
  const std::vector<ExampleSize> lengths{{10, 101}};
  const auto message = [&](const BatchConfig& config) {
    return error_of(ErrorKind::usage, [&] { make_plan(lengths, config, 1, 0); });
  };
  EXPECT_THAT(message({.batch_tokens = 100}), HasSubstr("batch_tokens: 100 is less than the 101"));
  EXPECT_THAT(message({.batch_tokens = 0}), HasSubstr("batch_tokens"));
  EXPECT_THAT(message({.max_sentences = -1}), HasSubstr("max_sentences"));
  EXPECT_THAT(message({.bucket_width = -1}), HasSubstr("bucket_width"));
  EXPECT_THROW(make_ordered_plan(lengths, {}).batch(1), Error);
}

TEST(Prefetcher, HandsOutEverythingInOrder) {
  int made = 0;
  Prefetcher<int> prefetcher(
      [&]() -> std::optional<int> {
        return made < 1000 ? std::optional<int>(made++) : std::nullopt;
      },
      3);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(prefetcher.next(), i);
  }
  EXPECT_FALSE(prefetcher.next());
  EXPECT_FALSE(prefetcher.next());
}

TEST(Prefetcher, WorksAheadUpToItsDepthOnly) {
  std::atomic<int> made{0};
  Prefetcher<int> prefetcher([&] { return std::optional<int>(made++); }, 4);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (made < 4 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(made, 4);
  EXPECT_EQ(prefetcher.next(), 0);
}

TEST(Prefetcher, PassesExceptionsOnAfterWhatWasMade) {
  int made = 0;
  Prefetcher<int> prefetcher(
      [&]() -> std::optional<int> {
        check_data(made < 2, "broken");
        return made++;
      },
      8);
  EXPECT_EQ(prefetcher.next(), 0);
  EXPECT_EQ(prefetcher.next(), 1);
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { prefetcher.next(); }), HasSubstr("broken"));
  EXPECT_THROW(prefetcher.next(), Error);
}

TEST(Prefetcher, StopsWhenNobodyTakesMore) {
  for (int round = 0; round < 100; ++round) {
    Prefetcher<int> prefetcher([] { return std::optional<int>(1); }, 1);
    if (round % 2 == 0) {
      prefetcher.next();
    }
  }
}

// Examples of random sizes, whose batches hold their numbers and epoch.
class NumberedExamples : public ExampleSource {
 public:
  struct NumberedBatch : Batch {
    std::vector<std::uint32_t> numbers;
    std::int64_t epoch = 0;
  };

  NumberedExamples() : sizes_(random_lengths(300)) {}
  std::span<const ExampleSize> sizes() const override { return sizes_; }
  std::unique_ptr<Batch> make(std::span<const std::uint32_t> examples,
                              std::int64_t epoch) const override {
    auto batch = std::make_unique<NumberedBatch>();
    batch->numbers.assign(examples.begin(), examples.end());
    batch->epoch = epoch;
    return batch;
  }

 private:
  std::vector<ExampleSize> sizes_;
};

const NumberedExamples::NumberedBatch& numbered(const PlacedBatch& placed) {
  return dynamic_cast<const NumberedExamples::NumberedBatch&>(*placed.batch);
}

TEST(BatchStream, ContinuesAtAnyPlaceAsIfNeverStopped) {
  const auto source = std::make_shared<const NumberedExamples>();
  std::vector<PlacedBatch> all;
  {
    BatchStream whole(source, {.batch_tokens = 256}, 5);
    for (int i = 0; i < 150; ++i) {
      all.push_back(whole.next());
    }
  }
  EXPECT_GE(all.back().position.epoch, 2);
  for (const std::size_t stop : {0, 1, 17, 60, 148}) {
    BatchStream rest(source, {.batch_tokens = 256}, 5, all[stop].next);
    const PlacedBatch next = rest.next();
    EXPECT_EQ(next.position, all[stop + 1].position);
    EXPECT_EQ(numbered(next).numbers, numbered(all[stop + 1]).numbers);
    EXPECT_EQ(numbered(next).epoch, next.position.epoch);
    EXPECT_EQ(next.batches_in_epoch, all[stop + 1].batches_in_epoch);
  }
  std::size_t examples = 0;
  for (const PlacedBatch& batch : all) {
    examples += batch.position.epoch == 0 ? numbered(batch).numbers.size() : 0;
  }
  EXPECT_EQ(examples, 300u);
}

TEST(BatchStream, RefusesAPlaceThatDoesNotExist) {
  const auto source = std::make_shared<const NumberedExamples>();
  BatchStream stream(source, {.batch_tokens = 128}, 5, {.epoch = 0, .batch = 100000});
  EXPECT_THAT(error_of(ErrorKind::failure, [&] { stream.next(); }),
              HasSubstr("cannot continue at batch 100000"));
  BatchStream unfit(source, {.batch_tokens = 5}, 5);
  EXPECT_THAT(error_of(ErrorKind::usage, [&] { unfit.next(); }), HasSubstr("batch_tokens"));
}

}  // namespace
}  // namespace heed
