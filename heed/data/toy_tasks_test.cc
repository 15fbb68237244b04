#include "heed/data/toy_tasks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

#include "heed/base/error.h"

namespace heed {
namespace {

std::vector<int> symbols_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<int> symbols;
  for (int symbol = 0; stream >> symbol;) {
    symbols.push_back(symbol);
  }
  EXPECT_TRUE(stream.eof()) << text;
  return symbols;
}

constexpr ToyTaskOptions small = {
    .pair_count = 2000, .minimum_length = 2, .maximum_length = 6, .symbol_count = 12};

TEST(ToyTasks, TargetsAreTheAnswers) {
  for (const ToyTask task : {ToyTask::copy, ToyTask::reverse, ToyTask::sort}) {
    for (const TextPair& pair : make_toy_pairs(task, small, 3)) {
      std::vector<int> expected = symbols_of(pair.source);
      if (task == ToyTask::reverse) {
        std::reverse(expected.begin(), expected.end());
      } else if (task == ToyTask::sort) {
        std::sort(expected.begin(), expected.end());
      }
      ASSERT_EQ(symbols_of(pair.target), expected) << toy_task_name(task) << ": " << pair.source;
    }
  }
}

TEST(ToyTasks, EveryLengthAndSymbolOccursAndNoOther) {
  const std::vector<TextPair> pairs = make_toy_pairs(ToyTask::copy, small, 5);
  EXPECT_EQ(pairs.size(), 2000u);
  std::set<std::size_t> lengths;
  std::set<int> symbols;
  for (const TextPair& pair : pairs) {
    const std::vector<int> sequence = symbols_of(pair.source);
    lengths.insert(sequence.size());
    symbols.insert(sequence.begin(), sequence.end());
  }
  EXPECT_EQ(lengths, (std::set<std::size_t>{2, 3, 4, 5, 6}));
  EXPECT_EQ(symbols, (std::set<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(ToyTasks, SymbolsAreSeparatedBySingleSpaces) {
  for (const TextPair& pair : make_toy_pairs(ToyTask::sort, small, 1)) {
    for (const std::string& text : {pair.source, pair.target}) {
      ASSERT_EQ(text.find("  "), std::string::npos) << text;
      ASSERT_EQ(text.find_first_not_of("0123456789 "), std::string::npos) << text;
      ASSERT_TRUE(text.front() != ' ' && text.back() != ' ') << text;
    }
  }
}

TEST(ToyTasks, TheSeedDecides) {
  EXPECT_EQ(make_toy_pairs(ToyTask::copy, small, 1), make_toy_pairs(ToyTask::copy, small, 1));
  EXPECT_NE(make_toy_pairs(ToyTask::copy, small, 1), make_toy_pairs(ToyTask::copy, small, 2));
}

TEST(ToyTasks, NamesLeadBackToTasks) {
  for (const ToyTask task : {ToyTask::copy, ToyTask::reverse, ToyTask::sort}) {
    EXPECT_EQ(toy_task_from_name(toy_task_name(task)), task);
  }
  EXPECT_EQ(toy_task_from_name("reverse"), ToyTask::reverse);
  EXPECT_THROW(toy_task_from_name("revert"), Error);
}

TEST(ToyTasks, RefusesOptionsThatMakeNoSense) {
  EXPECT_THROW(make_toy_pairs(ToyTask::copy, {.minimum_length = 0}, 1), Error);
  EXPECT_THROW(make_toy_pairs(ToyTask::copy, {.minimum_length = 9, .maximum_length = 8}, 1), Error);
  EXPECT_THROW(make_toy_pairs(ToyTask::copy, {.symbol_count = 0}, 1), Error);
}

}  // namespace
}  // namespace heed
