// For the tests of this folder: task files in a folder of their own.
#pragma once

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/shots/shot_task.h"

namespace heed {

class TaskFileTest : public testing::Test {
 protected:
  TaskFileTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("heed_shots_") + test->test_suite_name() + test->name() +
               std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    write_file(folder_ / "data.jsonl",
               R"({"q": "1 + 1 =", "options": ["2", "3"], "gold": 0}
{"q": "2 + 3 =", "options": ["4", "5"], "gold": 1}

{"q": "2 + 2 =", "options": ["4", "6"], "gold": 0}
)");
  }
  ~TaskFileTest() override { std::filesystem::remove_all(folder_); }

  // A task with this text behind what every one here says.
  ShotTask task(const std::string& rest, const std::string& output = "multiple_choice") const {
    write_file(folder_ / "task.yaml",
               "dataset_path: json\ndataset_kwargs: {data_files: {test: data.jsonl}}\n"
               "test_split: test\ndoc_to_text: q\noutput_type: " +
                   output + "\n" + rest);
    return read_shot_task(folder_ / "task.yaml");
  }
  std::string refusal(const std::string& rest,
                      const std::string& output = "multiple_choice") const {
    try {
      task(rest, output);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
      return error.what();
    }
    return "none";
  }

  static constexpr const char* choices = "doc_to_choice: options\ndoc_to_target: gold\n";
  std::filesystem::path folder_;
};

}  // namespace heed
