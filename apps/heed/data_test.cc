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

  int check(const std::string& source, const std::string& target,
            const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"check", "--source", source, "--target", target};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  std::filesystem::path directory_;
  std::string output_;
};

TEST_F(DataCommand, ReportsOddAndUnusableCorpora) {
  const std::string source = write("en", "one\ntwo\n");
  EXPECT_EQ(check(source, write("de", "eins\nzwei\n")), 0);
  EXPECT_THAT(output_, HasSubstr("nothing odd was found"));
  EXPECT_EQ(check(source, write("odd", "eins\n\n")), 0);
  EXPECT_THAT(output_, HasSubstr("odd: the target is empty"));
  EXPECT_EQ(check(source, write("short", "eins\n"), {"--json"}), 65);
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

TEST_F(DataCommand, FindsWhatIsHeldOut) {
  const std::string source = write("en", "one\ntwo\nthree\n\n");
  const std::string target = write("de", "eins\nzwei\ndrei\n\n");
  const std::string held_source = write("held.en", "four\nthree\n\n");
  const std::string held_target = write("held.de", "vier\ndrei\n\n");
  const std::string other_target = write("other.de", "vier\nDrei\n\n");
  EXPECT_EQ(check(source, target,
                  {"--json", "--held-out", held_source, held_target, held_source, other_target}),
            0);
  const Json findings = parse_json(output_, "output")["findings"];
  ASSERT_EQ(findings.size(), 3u);  // the first is the empty pair
  EXPECT_EQ(findings[1]["kind"], "held_out_pairs");
  EXPECT_EQ(findings[1]["count"], 1);
  EXPECT_EQ(findings[1]["examples"][0]["line"], 2);
  EXPECT_EQ(findings[1]["examples"][0]["note"], "of " + held_source + ", as line 3 of the corpus");
  EXPECT_EQ(findings[2]["kind"], "held_out_sources");
  EXPECT_EQ(findings[2]["count"], 1);
  const std::string table = write("t.tsv", "one\teins\n");
  EXPECT_EQ(run({"check", "--table", table, "--held-out", table}), 0);
  EXPECT_THAT(output_, HasSubstr("odd: held-out pairs stand in the corpus: 1"));
}

TEST_F(DataCommand, RefusesLinesThatMakeNoSense) {
  const std::string file = write("en", "one\n");
  EXPECT_THROW(run({"check", "--source", file}), CLI::ParseError);
  EXPECT_THROW(run({"check", "--target", file}), CLI::ParseError);
  EXPECT_THROW(check(file, file, {"--table", file}), CLI::ParseError);
  EXPECT_THROW(check(file, file, {"--examples", "-1"}), CLI::ParseError);
  EXPECT_THROW(check(file, file, {"--held-out", file}), Error);
  EXPECT_THROW(run({}), CLI::ParseError);
  EXPECT_THROW(run({"check"}), Error);
  EXPECT_THROW(check(file, (directory_ / "missing").string()), Error);
}

}  // namespace
}  // namespace heed::app
