#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "heed/base/error.h"
#include "heed/base/json.h"

namespace heed::app {
namespace {

using ::testing::HasSubstr;

class DataCommand : public ::testing::Test {
 protected:
  DataCommand()
      : directory_(std::filesystem::temp_directory_path() /
                   ("heed_data_command_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(directory_);
  }
  ~DataCommand() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string write(const std::string& name, const std::string& content) {
    const std::string path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  // Runs `heed data …`; what it prints goes to output_.
  int run(std::vector<std::string> arguments) {
    CLI::App application;
    int exit_code = 0;
    add_data_command(application, exit_code);
    arguments.insert(arguments.begin(), "data");
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    ::testing::internal::CaptureStdout();
    try {
      application.parse(arguments);
      flush_output();
    } catch (...) {
      output_ = ::testing::internal::GetCapturedStdout();
      throw;
    }
    output_ = ::testing::internal::GetCapturedStdout();
    return exit_code;
  }

  std::filesystem::path directory_;
  std::string output_;
};

TEST_F(DataCommand, ReportsOddAndUnusableCorpora) {
  const std::string source = write("en", "one\ntwo\n");
  EXPECT_EQ(run({"check", source, write("de", "eins\nzwei\n")}), 0);
  EXPECT_THAT(output_, HasSubstr("nothing odd was found"));
  EXPECT_EQ(run({"check", source, write("odd", "eins\n\n")}), 0);
  EXPECT_THAT(output_, HasSubstr("odd: the target is empty"));
  EXPECT_EQ(run({"check", "--json", source, write("short", "eins\n")}), 65);
  const Json json = parse_json(output_, "output");
  EXPECT_EQ(json["usable"], false);
  EXPECT_EQ(json["findings"][0]["kind"], "line_counts");
}

TEST_F(DataCommand, ReadsColumnsOfATable) {
  const std::string table = write("t.tsv", "x\tone\teins\n");
  EXPECT_EQ(run({"check", "--table", table, "--source-column", "2", "--target-column", "3"}), 0);
  EXPECT_THAT(output_, HasSubstr("pairs: 1"));
  EXPECT_EQ(run({"check", "--table", table, "--target-column", "4"}), 65);
  EXPECT_THAT(output_, HasSubstr("unusable: lines lack a column: 1"));
}

TEST_F(DataCommand, RefusesLinesThatMakeNoSense) {
  const std::string file = write("en", "one\n");
  EXPECT_THROW(run({"check", file}), CLI::ParseError);
  EXPECT_THROW(run({"check", file, file, "--table", file}), CLI::ParseError);
  EXPECT_THROW(run({"check", file, file, "--examples", "-1"}), CLI::ParseError);
  EXPECT_THROW(run({}), CLI::ParseError);
  EXPECT_THROW(run({"check"}), Error);
  EXPECT_THROW(run({"check", file, (directory_ / "missing").string()}), Error);
}

}  // namespace
}  // namespace heed::app
