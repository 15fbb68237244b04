#include "heed/tasks/pair_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "heed/data/batch_stream.h"
#include "heed/data/text_windows.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

std::vector<std::int32_t> ids_of(const Tensor& tensor) {
  const auto values = tensor.values<std::int32_t>();
  return {values.begin(), values.end()};
}

class PairSources : public testing::Test {
 protected:
  PairSources()
      : path_(testing::TempDir() + "heed_pair_source_" + std::to_string(::getpid()) + ".tokens") {}
  ~PairSources() override { std::filesystem::remove(path_); }

  std::shared_ptr<const TokenStore> pairs(
      const std::vector<std::pair<std::string, std::string>>& texts) {
    TokenStoreWriter writer(path_, 1, tokenizer_.size(), tokenizer_.size());
    std::int64_t number = 0;
    for (const auto& [source, target] : texts) {
      writer.add(tokenizer_.encode(source), tokenizer_.encode(target), ++number);
    }
    writer.finish({});
    return std::make_shared<const TokenStore>(path_);
  }

  TextSymbols symbols() const { return marian_symbols(tokenizer_.pad_id(), tokenizer_.end_id()); }

  static const PairBatch& as_pairs(const std::unique_ptr<Batch>& batch) {
    return dynamic_cast<const PairBatch&>(*batch);
  }

  std::filesystem::path path_;
  ByteTokenizer tokenizer_;
};

TEST_F(PairSources, PairsArePackedWithSymbols) {
  const PairSource source(pairs({{"ab", "c"}, {"x", "yz"}}), symbols());
  EXPECT_THAT(source.sizes(), ElementsAre(ExampleSize{3, 2}, ExampleSize{2, 3}));
  const std::uint32_t both[] = {1, 0};
  const std::unique_ptr<Batch> made = source.make(both, 0);
  const PairBatch& batch = as_pairs(made);
  const auto id = [](char c) { return 2 + c; };
  EXPECT_THAT(ids_of(batch.examples.prompts.source.ids),
              ElementsAre(id('x'), 0, id('a'), id('b'), 0));
  EXPECT_THAT(batch.examples.prompts.source.rows.offsets, ElementsAre(0, 2, 5));
  EXPECT_THAT(ids_of(batch.examples.prompts.begun.ids),
              ElementsAre(258, id('y'), id('z'), 258, id('c')));
  EXPECT_THAT(ids_of(batch.examples.outputs), ElementsAre(id('y'), id('z'), 0, id('c'), 0));
  EXPECT_THAT(batch.examples.prompts.begun.rows.offsets, ElementsAre(0, 3, 5));
  EXPECT_THAT(batch.numbers, ElementsAre(1, 0));
  EXPECT_EQ(batch.predictions, 5);
  EXPECT_EQ(batch.tokens, 10);
}

TEST_F(PairSources, WindowsAreShiftedWithoutSymbols) {
  const WindowSource source(open_text_windows(path_, "abcdefg", tokenizer_, 4));
  EXPECT_THAT(source.sizes(), ElementsAre(ExampleSize{0, 4}, ExampleSize{0, 2}));
  const std::uint32_t both[] = {1, 0};
  const std::unique_ptr<Batch> made = source.make(both, 0);
  const PairBatch& batch = as_pairs(made);
  EXPECT_EQ(batch.examples.prompts.source.ids.size(0), 0);
  EXPECT_THAT(batch.examples.prompts.source.rows.offsets, ElementsAre(0, 0, 0));
  EXPECT_THAT(batch.examples.prompts.begun.rows.offsets, ElementsAre(0, 2, 6));
  EXPECT_THAT(ids_of(batch.examples.prompts.begun.ids),
              ElementsAreArray(tokenizer_.encode("efabcd")));
  EXPECT_THAT(ids_of(batch.examples.outputs), ElementsAreArray(tokenizer_.encode("fgbcde")));
  EXPECT_EQ(batch.predictions, 6);
  EXPECT_EQ(batch.tokens, 6);
}

// Every window comes once in an epoch, and batches are as large as the limit allows.
TEST_F(PairSources, WindowsStreamLikePairs) {
  BatchStream stream(std::make_shared<const WindowSource>(
                         open_text_windows(path_, std::string(101, 'x'), tokenizer_, 10)),
                     {.batch_tokens = 40}, 1);
  std::vector<std::int64_t> seen;
  PlacedBatch placed;
  do {
    placed = stream.next();
    EXPECT_LE(placed.batch->predictions, 40);
    const auto& numbers = as_pairs(placed.batch).numbers;
    seen.insert(seen.end(), numbers.begin(), numbers.end());
  } while (placed.next.epoch == 0);
  EXPECT_EQ(placed.batches_in_epoch, 3);
  std::sort(seen.begin(), seen.end());
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

}  // namespace
}  // namespace heed
