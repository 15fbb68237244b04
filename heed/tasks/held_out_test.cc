// What is validated and tested on is held whole, and limited: more is refused before anything is
// made of the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/data/held_lines.h"
#include "heed/tasks/run.h"
#include "heed/tasks/study_run.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class HeldOut : public testing::Test {
 protected:
  HeldOut() : directory_(testing::TempDir() + "heed_held_out_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    write_file(directory_ / "few", "a b\nb a\n");
    std::string many;
    for (std::int64_t i = 0; i <= held_line_limit; ++i) {
      many += "a\n";
    }
    write_file(directory_ / "many", many);
  }
  ~HeldOut() override { fs::remove_all(directory_); }

  std::string recipe(const std::string& validation, const std::string& test) const {
    const auto files = [](const std::string& name) {
      return "{source: [" + name + "], target: [" + name + "]}";
    };
    write_file(directory_ / "recipe.yaml",
               "task: translation\ndata: {directory: " + directory_.string() + ", train: " +
                   files("few") + ", validation: " + files(validation) + ", test: " + files(test) +
                   "}\ntokenizer: {kind: byte}\n"
                   "model: {d_model: 8, encoder_layers: 1, decoder_layers: 1, heads: 2, "
                   "feed_forward_size: 8}\ntraining: {max_steps: 1}\n");
    return (directory_ / "recipe.yaml").string();
  }

  template <typename Action>
  void expect_refused(const Action& action) const {
    try {
      action();
      ADD_FAILURE() << "taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data);
      EXPECT_THAT(error.what(), HasSubstr((directory_ / "many").string() +
                                          ": pair 5000001: more than 5000000 pairs"));
    }
    EXPECT_FALSE(fs::exists(directory_ / "run" / "tokenizer"));
    EXPECT_FALSE(fs::exists(directory_ / "run" / "data"));
  }

  fs::path directory_;
};

TEST_F(HeldOut, SetsAreLimitedWhenTraining) {
  expect_refused([&] { run_recipe(recipe("many", "few"), {}, directory_ / "run"); });
  expect_refused([&] { run_recipe(recipe("few", "many"), {}, directory_ / "run"); });
}

TEST_F(HeldOut, SetsAreLimitedWhenComparing) {
  StudyOptions options;
  options.vary = {"dropout=0.0,0.1"};
  expect_refused(
      [&] { run_study(read_study(recipe("many", "few"), options), directory_ / "run"); });
  expect_refused(
      [&] { run_study(read_study(recipe("few", "many"), options), directory_ / "run"); });
}

}  // namespace
}  // namespace heed
