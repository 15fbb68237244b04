#include "heed/text/pipeline/merge_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "heed/base/random.h"

namespace heed {
namespace {

using ::testing::ElementsAre;

// As the definition says it, symbol by symbol.
std::vector<int> merge_plainly(const std::vector<MergeTable::Merge>& merges,
                               std::vector<int> symbols) {
  std::map<std::pair<int, int>, std::size_t> ranks;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    ranks[{merges[rank].left, merges[rank].right}] = rank;
  }
  while (true) {
    std::size_t best = merges.size(), place = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = ranks.find({symbols[i], symbols[i + 1]});
      if (found != ranks.end() && found->second < best) {
        best = found->second;
        place = i;
      }
    }
    if (best == merges.size()) {
      return symbols;
    }
    symbols[place] = merges[best].merged;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

TEST(MergeTable, MergesTheLowestRankFirstAndTheFirstOfEquals) {
  const MergeTable table({{0, 1, 3}, {1, 2, 4}, {0, 0, 5}, {5, 0, 6}});
  const auto merged = [&](std::vector<int> symbols) {
    table.apply(symbols);
    return symbols;
  };
  EXPECT_THAT(merged({0, 1, 2}), ElementsAre(3, 2));
  EXPECT_THAT(merged({1, 2, 1}), ElementsAre(4, 1));
  EXPECT_THAT(merged({0, 0, 0}), ElementsAre(6));
  EXPECT_THAT(merged({0, 0, 0, 0}), ElementsAre(5, 5));
  EXPECT_THAT(merged({2}), ElementsAre(2));
  EXPECT_THAT(merged({}), ElementsAre());
}

TEST(MergeTable, OfTwoMergesOfOnePairTheLaterCounts) {
  const MergeTable table({{0, 1, 3}, {1, 2, 4}, {0, 1, 5}});
  std::vector<int> symbols = {0, 1, 2, 0, 1};
  table.apply(symbols);
  EXPECT_THAT(symbols, ElementsAre(0, 4, 5));
}

TEST(MergeTable, ShortAndLongWordsAreMergedAlike) {
  Random random(9);
  const auto below = [&](std::size_t limit) { return static_cast<int>(random.below(limit)); };
  for (int round = 0; round < 40; ++round) {
    std::vector<MergeTable::Merge> merges;
    for (int id = 4; id < 60; ++id) {
      const auto known = static_cast<std::size_t>(id);
      merges.push_back({below(known), below(known), id});
    }
    const MergeTable table(merges);
    for (const std::size_t size : {2u, 7u, 47u, 48u, 49u, 300u}) {
      std::vector<int> symbols;
      for (std::size_t i = 0; i < size; ++i) {
        symbols.push_back(below(4));
      }
      const std::vector<int> expected = merge_plainly(merges, symbols);
      table.apply(symbols);
      EXPECT_EQ(symbols, expected) << size;
    }
  }
}

}  // namespace
}  // namespace heed
