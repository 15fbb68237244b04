// What the end-to-end tests share: a directory for each test, toy corpora, a small recipe.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "heed/base/files.h"
#include "heed/data/toy_tasks.h"
#include "tests/command_process.h"

namespace heed {

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 (std::string("heed_command_") + test->test_suite_name() + "_" + test->name() +
                  "_" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  ~CommandTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::string write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name, std::ios::binary) << content;
    return path(name);
  }

  // Writes NAME.source and NAME.target.
  void write_pairs(const std::string& name, ToyTask task, const ToyTaskOptions& options,
                   std::uint64_t seed) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    write_parallel_text(make_toy_pairs(task, options, seed), path(name + ".source"),
                        path(name + ".target"));
  }

  // A recipe that trains within seconds, and the corpora that it names.
  std::string write_small_recipe() const {
    const ToyTaskOptions options{.maximum_length = 8, .symbol_count = 10};
    ToyTaskOptions train = options, validation = options;
    train.pair_count = 400;
    validation.pair_count = 24;
    write_pairs("train", ToyTask::reverse, train, 1);
    write_pairs("validation", ToyTask::reverse, validation, 2);
    return write("recipe.yaml",
                 "task: translation\n"
                 "title: Small\n"
                 "data:\n"
                 "  directory: " +
                     directory_.string() + "\n" +
                     "  train: {source: [train.source], target: [train.target]}\n"
                     "  validation: {source: [validation.source], "
                     "target: [validation.target]}\n"
                     "tokenizer: {kind: word}\n"
                     "model:\n"
                     "  d_model: 16\n"
                     "  encoder_layers: 1\n"
                     "  decoder_layers: 1\n"
                     "  heads: 2\n"
                     "  feed_forward_size: 32\n"
                     "  dropout: 0.1\n"
                     "  attention_dropout: 0.1\n"
                     "  max_length: 16\n"
                     "batches: {batch_tokens: 256}\n"
                     "schedule: {kind: constant, learning_rate: 0.003}\n"
                     "training:\n"
                     "  max_steps: 80\n"
                     "  save_every: 7\n"
                     "  validate_every: 20\n"
                     "  log_every: 5\n"
                     "  keep_last: 2\n");
  }

  // A language model's that trains within seconds, and its text: sentences whose next letter is
  // often known.
  std::string write_text_recipe() const {
    std::string text;
    for (int i = 0; i < 300; ++i) {
      text += fmt::format("Line {} of {}\nends.\n", i % 10, i % 7);
    }
    write("text.txt", text);
    return write("text.yaml",
                 "task: language_modelling\n"
                 "title: Lines\n"
                 "data:\n"
                 "  directory: " +
                     directory_.string() + "\n" +
                     "  train: [text.txt]\n"
                     "  validation_share: 0.1\n"
                     "  test_share: 0.1\n"
                     "  window: 12\n"
                     "tokenizer: {kind: byte}\n"
                     "model: {d_model: 16, layers: 1, heads: 2,\n"
                     "        feed_forward_size: 32, dropout: 0.1, norm: pre, max_length: 32}\n"
                     "batches: {batch_tokens: 192}\n"
                     "schedule: {kind: constant, learning_rate: 0.005}\n"
                     "training: {max_steps: 60, save_every: 7, validate_every: 20, log_every: 5,\n"
                     "           keep_last: 2, label_smoothing: 0.0}\n");
  }

  // `heed train` with two threads unless the arguments say otherwise.
  static std::vector<std::string> train_arguments(const std::string& recipe, const std::string& run,
                                                  std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"train", recipe, "--run", run};
    if (std::find(more.begin(), more.end(), "--threads") == more.end()) {
      more.insert(more.end(), {"--threads", "2"});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::filesystem::path directory_;
};

// The same command line, going on with what was begun in `directory`, if anything was: whoever is
// killed at once began nothing.
inline std::vector<std::string> resumed(std::vector<std::string> arguments,
                                        const std::filesystem::path& directory) {
  if (std::filesystem::exists(directory / ".lock")) {
    arguments.emplace_back("--resume");
  }
  return arguments;
}

// Everything below a directory: the content of files, the targets of links; locks are left out.
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> result;
  if (!fs::exists(directory)) {
    return result;
  }
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string name = fs::relative(entry.path(), directory).string();
    if (entry.is_symlink()) {
      result[name] = "-> " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file() && entry.path().filename() != ".lock") {
      result[name] = read_file(entry.path());
    } else if (entry.is_directory()) {
      result[name] = "directory";
    }
  }
  return result;
}

inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& [name, content] : snapshot(directory)) {
    names.push_back(name);
  }
  return names;
}

// The lines of what a command printed on standard error that are its errors and warnings.
inline std::vector<std::string> error_lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("heed: ")) {
      result.push_back(line);
    }
  }
  return result;
}

// The command failed as documented: this exit code, no signal, nothing on standard output, and one
// error, which is the last line of standard error and holds `what`.
inline void expect_failure(const CommandResult& result, int exit_code, const std::string& what) {
  EXPECT_EQ(result.signal, 0) << result.error;
  EXPECT_EQ(result.exit_code, exit_code) << result.error;
  EXPECT_EQ(result.output, "");
  const std::vector<std::string> errors = error_lines(result.error);
  ASSERT_EQ(errors.size(), 1u) << result.error;
  EXPECT_THAT(result.error, testing::EndsWith(errors[0] + "\n"));
  EXPECT_THAT(errors[0], testing::HasSubstr(what));
}

}  // namespace heed
