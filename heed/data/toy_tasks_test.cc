#include "heed/data/toy_tasks.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

#include "heed/base/error.h"
#include "heed/base/files.h"

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

class ToyTaskFiles : public testing::Test {
 protected:
  ToyTaskFiles() : directory_(testing::TempDir() + "heed_toy_task_" + std::to_string(::getpid())) {
    std::filesystem::create_directories(directory_);
  }
  ~ToyTaskFiles() override { std::filesystem::remove_all(directory_); }

  std::vector<std::string> lines(const std::string& name) const {
    std::istringstream stream(read_file(directory_ / name));
    std::vector<std::string> result;
    for (std::string line; std::getline(stream, line);) {
      result.push_back(line);
    }
    return result;
  }

  std::filesystem::path directory_;
};

TEST_F(ToyTaskFiles, HoldOutWhatTheyTest) {
  ToyTaskConfig config{.kind = "sort", .symbols = 50, .minimum_length = 5, .maximum_length = 9};
  config.train_pairs = 300;
  config.validation_pairs = 20;
  config.test_pairs = 40;
  write_toy_task(config, directory_);
  const auto train = lines("train.source"), test = lines("test.source");
  EXPECT_EQ(train.size(), 300u);
  EXPECT_EQ(lines("validation.target").size(), 20u);
  EXPECT_EQ(test.size(), 40u);
  const std::set<std::string> seen(train.begin(), train.end());
  for (const std::string& line : test) {
    EXPECT_EQ(seen.count(line), 0u) << line;
    const std::size_t length = symbols_of(line).size();
    EXPECT_TRUE(length >= 5 && length <= 9) << line;
  }
  std::vector<int> sorted = symbols_of(test[0]);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(symbols_of(lines("test.target")[0]), sorted);

  write_toy_task(config, directory_);
  EXPECT_EQ(lines("train.source"), train);
  config.seed = 2;
  write_toy_task(config, directory_);
  EXPECT_NE(lines("train.source"), train);
}

TEST(ToyTasks, LengthsCanBeChosen) {
  const ToyTaskConfig config{.kind = "reverse", .symbols = 7, .maximum_length = 4};
  for (const std::size_t length : {1u, 4u, 16u}) {
    const auto pairs = make_toy_pairs_of_length(config, length, 30);
    ASSERT_EQ(pairs.size(), 30u);
    for (const TextPair& pair : pairs) {
      std::vector<int> symbols = symbols_of(pair.source);
      ASSERT_EQ(symbols.size(), length);
      std::reverse(symbols.begin(), symbols.end());
      EXPECT_EQ(symbols_of(pair.target), symbols);
    }
  }
  EXPECT_THROW(make_toy_pairs_of_length(config, 0, 1), Error);
}

TEST(ToyTasks, AConfigurationWithoutMeaningIsRefused) {
  const auto refused = [](ToyTaskConfig config) {
    EXPECT_THROW(check_toy_task_config(config), Error);
  };
  refused({});
  refused({.kind = "sum"});
  refused({.kind = "copy", .symbols = 0});
  refused({.kind = "copy", .minimum_length = 5, .maximum_length = 4});
  refused({.kind = "copy", .test_pairs = 0});
  refused({.kind = "copy", .seed = -1});
  check_toy_task_config({.kind = "copy"});
}

}  // namespace
}  // namespace heed
