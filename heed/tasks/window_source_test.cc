#include "heed/tasks/window_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "heed/data/batch_stream.h"

namespace heed {
namespace {

using testing::ElementsAre;

std::shared_ptr<const TextWindows> windows_of(std::int64_t tokens, const WindowConfig& config,
                                              std::vector<std::uint64_t> documents = {}) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(tokens));
  std::iota(ids.begin(), ids.end(), 100);
  return std::make_shared<const TextWindows>(
      std::make_shared<const TokenText>(std::move(ids), std::move(documents), false, TextCounts(),
                                        TokenTextOrigin()),
      config);
}

std::vector<std::int32_t> values_of(const Tensor& tensor) {
  const auto values = tensor.values<std::int32_t>();
  return {values.begin(), values.end()};
}

const WindowBatch& as_windows(const std::unique_ptr<Batch>& batch) {
  return dynamic_cast<const WindowBatch&>(*batch);
}

TEST(WindowSources, WindowsAreShiftedWithoutSymbols) {
  const WindowSource source(windows_of(7, {.window = 4, .stride = 4}));
  EXPECT_THAT(source.sizes(), ElementsAre(ExampleSize{0, 4}, ExampleSize{0, 2}));
  const std::uint32_t both[] = {1, 0};
  const std::unique_ptr<Batch> made = source.make(both, 0);
  const WindowBatch& batch = as_windows(made);
  EXPECT_EQ(batch.examples.prompts.source.ids.size(0), 0);
  EXPECT_THAT(batch.examples.prompts.source.rows.offsets, ElementsAre(0, 0, 0));
  EXPECT_THAT(batch.examples.prompts.begun.rows.offsets, ElementsAre(0, 2, 6));
  EXPECT_THAT(values_of(batch.examples.prompts.begun.ids),
              ElementsAre(104, 105, 100, 101, 102, 103));
  EXPECT_THAT(values_of(batch.examples.outputs), ElementsAre(105, 106, 101, 102, 103, 104));
  EXPECT_THAT(batch.counted, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(batch.counted_ends, ElementsAre(2, 6));
  EXPECT_EQ(batch.predictions, 6);
  EXPECT_EQ(batch.tokens, 6);
}

TEST(WindowSources, WhatTheWindowBeforeHadDoesNotCount) {
  const WindowSource source(windows_of(7, {.window = 4, .stride = 1}));
  const std::uint32_t second[] = {1, 2};
  const std::unique_ptr<Batch> made = source.make(second, 0);
  const WindowBatch& batch = as_windows(made);
  EXPECT_THAT(values_of(batch.examples.outputs),
              ElementsAre(102, 103, 104, 105, 103, 104, 105, 106));
  EXPECT_THAT(batch.counted, ElementsAre(3, 7));
  EXPECT_EQ(batch.predictions, 2);
  EXPECT_EQ(batch.tokens, 8);
}

TEST(WindowSources, DocumentsApartAreSequences) {
  const WindowSource source(
      windows_of(9, {.window = 8, .stride = 8, .document_mask = true}, {0, 3, 7}));
  const std::uint32_t one[] = {0};
  const std::unique_ptr<Batch> made = source.make(one, 0);
  const WindowBatch& batch = as_windows(made);
  // The end symbol of a document, 102, begins the next one.
  EXPECT_THAT(values_of(batch.examples.prompts.begun.ids),
              ElementsAre(100, 101, 102, 103, 104, 105, 106, 107));
  EXPECT_THAT(batch.examples.prompts.begun.rows.offsets, ElementsAre(0, 2, 6, 8));
  EXPECT_THAT(batch.counted_ends, ElementsAre(8));
  // Dropout is another for each of them.
  const auto& keys = batch.examples.prompts.begun.rows.row_keys;
  EXPECT_NE(keys[0], keys[2]);
  EXPECT_NE(keys[2], keys[6]);
}

// Every window comes once in an epoch, and batches are as large as the limit allows.
TEST(WindowSources, StreamLikePairs) {
  BatchStream stream(
      std::make_shared<const WindowSource>(windows_of(101, {.window = 10, .stride = 10})),
      {.batch_tokens = 40}, 1);
  std::vector<std::int64_t> seen;
  PlacedBatch placed;
  do {
    placed = stream.next();
    EXPECT_LE(placed.batch->predictions, 40);
    const auto& numbers = as_windows(placed.batch).numbers;
    seen.insert(seen.end(), numbers.begin(), numbers.end());
  } while (placed.next.epoch == 0);
  EXPECT_EQ(placed.batches_in_epoch, 3);
  std::sort(seen.begin(), seen.end());
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

}  // namespace
}  // namespace heed
