#include "heed/data/text_pairs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/files.h"

namespace heed {
namespace {

class ParallelText : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    directory_ = std::filesystem::path(testing::TempDir()) / ("heed_text_pairs_" + name);
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directory(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

TEST_F(ParallelText, WritesOneLinePerPairToEachFile) {
  const std::vector<TextPair> pairs = {{"3. März", "03-03"}, {"", "empty"}, {"三月三日", "03-03"}};
  write_parallel_text(pairs, directory_ / "source", directory_ / "target");
  EXPECT_EQ(read_file(directory_ / "source"), "3. März\n\n三月三日\n");
  EXPECT_EQ(read_file(directory_ / "target"), "03-03\nempty\n03-03\n");
}

TEST_F(ParallelText, RefusesTextThatWouldBreakTheLinesAndWritesNothing) {
  for (const std::string bad : {"a\nb", "a\r", "\xC3"}) {
    const std::vector<TextPair> pairs = {{"fine", "fine"}, {"fine", bad}};
    EXPECT_THROW(write_parallel_text(pairs, directory_ / "source", directory_ / "target"), Error);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(ParallelText, RefusesOneFileForBothSides) {
  const std::vector<TextPair> pairs = {{"a", "b"}};
  try {
    write_parallel_text(pairs, directory_ / "x", directory_ / "." / "x");
    FAIL() << "wrote both sides to one file";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

TEST_F(ParallelText, NamesAFolderThatIsMissing) {
  const std::vector<TextPair> pairs = {{"a", "b"}};
  try {
    write_parallel_text(pairs, directory_ / "missing" / "source", directory_ / "target");
    FAIL() << "wrote into a folder that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input_output);
    EXPECT_NE(std::string(error.what()).find("missing"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace heed
