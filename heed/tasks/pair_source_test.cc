#include "heed/tasks/pair_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

using testing::ElementsAre;

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

}  // namespace
}  // namespace heed
