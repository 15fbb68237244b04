#include "heed/formats/checkpoint.h"

#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/test_files.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckpointTest : public FolderTest {
 protected:
  std::filesystem::path write(std::int64_t step, float value = 1) const {
    CheckpointWriter writer(folder_, step);
    writer.add_tensors("model.safetensors",
                       {{"weight", Tensor::from_values<float>({value, 2, 3, 4}, {2, 2})},
                        {"bias", Tensor::from_values<float>({5}, {1})}},
                       {{"format", "pt"}});
    writer.add_file("state.json", "{\"value\":" + std::to_string(value) + "}");
    return writer.commit();
  }
  // Everything that a reader gives, in one text.
  static std::string content_of(const CheckpointReader& reader) {
    const SafetensorsFile model = reader.tensors("model.safetensors");
    std::string text = fmt::format("{} {}", reader.step(), reader.file("state.json"));
    for (const SafetensorsEntry& entry : model.entries()) {
      text += entry.name + model.tensor(entry.name).shape().text();
      for (const double value : model.tensor(entry.name).to_doubles()) {
        text += fmt::format(" {}", value);
      }
    }
    return text;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      result.push_back(entry.path().filename().string());
    }
    std::sort(result.begin(), result.end());
    return result;
  }
};

TEST_F(CheckpointTest, GivesBackWhatWasWritten) {
  const std::filesystem::path path = write(12);
  EXPECT_EQ(path, folder_ / "step-12");
  EXPECT_THAT(names(), ElementsAre("step-12"));
  const CheckpointReader reader(path);
  EXPECT_EQ(reader.step(), 12);
  EXPECT_TRUE(reader.contains("state.json"));
  EXPECT_EQ(reader.files().size(), 2u);
  EXPECT_EQ(reader.file("state.json"), "{\"value\":1.000000}");
  EXPECT_EQ(reader.tensors("model.safetensors").tensor("weight").to_doubles(),
            (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(error_of([&] { reader.file("model.safetensors"); }).kind(), ErrorKind::bad_data);
  EXPECT_EQ(error_of([&] { reader.tensors("other.safetensors"); }).kind(), ErrorKind::bad_data);
  EXPECT_EQ(error_of([&] { CheckpointReader none(folder_ / "step-13"); }).kind(),
            ErrorKind::input_output);
  // A plain file that any other reader takes.
  EXPECT_EQ(SafetensorsFile(path / "model.safetensors").metadata().at("format"), "pt");
}

TEST_F(CheckpointTest, WithoutCommitNothingStays) {
  {
    CheckpointWriter writer(folder_, 1);
    writer.add_file("a.json", "{}");
    EXPECT_THAT(list_checkpoints(folder_), IsEmpty());
  }
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_EQ(error_of([&] { CheckpointWriter writer(folder_ / "none", 1); }).kind(),
            ErrorKind::input_output);
}

TEST_F(CheckpointTest, RefusesNamesThatLeaveTheFolder) {
  for (const std::string name : {"../a", "/a", "", ".", "..", "a/b", "checkpoint.json", "\xFF"}) {
    CheckpointWriter writer(folder_, 1);
    EXPECT_EQ(error_of([&] { writer.add_file(name, ""); }).kind(), ErrorKind::usage) << name;
    EXPECT_EQ(error_of([&] { writer.commit(); }).kind(), ErrorKind::failure);
  }
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(CheckpointTest, ReplacesACheckpointOfTheSameStep) {
  write(3, 1);
  write(3, 9);
  EXPECT_THAT(names(), ElementsAre("step-3"));
  EXPECT_EQ(CheckpointReader(folder_ / "step-3").file("state.json"), "{\"value\":9.000000}");
}

TEST_F(CheckpointTest, LinksFollowAndHoldCheckpoints) {
  for (const std::int64_t step : {1, 2, 3, 10, 20}) {
    write(step);
  }
  EXPECT_THAT(list_checkpoints(folder_), ElementsAre(1, 2, 3, 10, 20));
  EXPECT_EQ(linked_step(folder_, "best"), std::nullopt);
  point_link(folder_, "best", 3);
  point_link(folder_, "best", 2);
  point_link(folder_, "last", 20);
  EXPECT_EQ(linked_step(folder_, "best"), 2);
  EXPECT_EQ(CheckpointReader(folder_ / "last").step(), 20);
  EXPECT_EQ(error_of([&] { point_link(folder_, "best", 4); }).kind(), ErrorKind::input_output);
  EXPECT_THROW(point_link(folder_, "../best", 1), Error);
  EXPECT_THAT(prune_checkpoints(folder_, std::vector<std::int64_t>{10, 20}), ElementsAre(1, 3));
  EXPECT_THAT(names(), ElementsAre("best", "last", "step-10", "step-2", "step-20"));
  EXPECT_THAT(prune_checkpoints(folder_, {}), ElementsAre(10));
  EXPECT_THAT(prune_checkpoints(folder_, {}), IsEmpty());
}

TEST_F(CheckpointTest, TheLatestSoundOneIsFound) {
  EXPECT_FALSE(latest_valid_checkpoint(folder_).reader.has_value());
  EXPECT_FALSE(latest_valid_checkpoint(folder_ / "none").reader.has_value());
  for (const std::int64_t step : {1, 5, 7, 8}) {
    write(step);
  }
  std::string content = read_file(folder_ / "step-8" / "model.safetensors");
  content.back() = static_cast<char>(content.back() ^ 64);
  write_quickly(folder_ / "step-8" / "model.safetensors", content);
  std::filesystem::remove(folder_ / "step-7" / "state.json");
  std::filesystem::create_directory(folder_ / "step-9");
  std::filesystem::copy(folder_ / "step-5", folder_ / "step-11");
  for (const std::string other : {"step-012", "step-", "step--1", "step-1x", "steps"}) {
    std::filesystem::create_directory(folder_ / other);
  }
  write_quickly(folder_ / "step-99", "a file");
  const LatestCheckpoint latest = latest_valid_checkpoint(folder_);
  ASSERT_TRUE(latest.reader.has_value());
  EXPECT_EQ(latest.reader->step(), 5);
  ASSERT_EQ(latest.problems.size(), 4u);
  EXPECT_THAT(latest.problems[0], HasSubstr("was it renamed?"));
  EXPECT_THAT(latest.problems[1], HasSubstr("checkpoint.json"));
  EXPECT_THAT(latest.problems[2], HasSubstr("tensor \"bias\": its bytes have checksum"));
  EXPECT_THAT(latest.problems[2], HasSubstr("resume from another one, and delete"));
  EXPECT_THAT(latest.problems[3], HasSubstr("state.json"));
}

TEST_F(CheckpointTest, LeftoversOfInterruptedWritesGo) {
  write(1);
  point_link(folder_, "last", 1);
  std::filesystem::create_directory(folder_ / ".step-2.4711.tmp");
  write_quickly(folder_ / ".step-2.4711.tmp" / "model.safetensors", "half");
  std::filesystem::create_directory(folder_ / ".step-3.1.tmp.old");
  std::filesystem::create_symlink("step-1", folder_ / ".last.12.tmp");
  for (const std::string kept :
       {".hidden", ".tmp", ".a.tmp", "a.1.tmp", ".1.tmp", "metrics.jsonl"}) {
    write_quickly(folder_ / kept, "kept");
  }
  remove_interrupted_checkpoints(folder_);
  EXPECT_THAT(names(), ElementsAre(".1.tmp", ".a.tmp", ".hidden", ".tmp", "a.1.tmp", "last",
                                   "metrics.jsonl", "step-1"));
  remove_interrupted_checkpoints(folder_ / "none");
}

TEST_F(CheckpointTest, AFullDiskLeavesTheFormerCheckpoint) {
  write(1);
  point_link(folder_, "last", 1);
  const Tensor large = Tensor::zeros({1 << 20});
  {
    const FileSizeLimit limit(1 << 20);
    CheckpointWriter writer(folder_, 2);
    writer.add_file("state.json", "{}");
    const Error error = error_of([&] {
      writer.add_tensors("model.safetensors", {{"weight", large}});
    });
    EXPECT_EQ(error.kind(), ErrorKind::input_output);
    EXPECT_THAT(error.what(), HasSubstr(folder_.string()));
    // Gone at once, not only with the writer.
    EXPECT_THAT(names(), ElementsAre("last", "step-1"));
    EXPECT_EQ(error_of([&] { writer.commit(); }).kind(), ErrorKind::failure);
  }
  {
    const FileSizeLimit limit(64);
    CheckpointWriter writer(folder_, 3);
    writer.add_file("state.json", "{}");
    EXPECT_EQ(error_of([&] { writer.commit(); }).kind(), ErrorKind::input_output);
  }
  EXPECT_THAT(names(), ElementsAre("last", "step-1"));
  EXPECT_EQ(latest_valid_checkpoint(folder_).reader->step(), 1);
}

TEST_F(CheckpointTest, EveryDamageIsNoticed) {
  const std::filesystem::path path = write(4);
  const std::string sound = content_of(CheckpointReader(path));
  Random random(5);
  for (const std::string name : {"model.safetensors", "state.json", "checkpoint.json"}) {
    const std::string original = read_file(path / name);
    int unnoticed = 0;
    for (int round = 0; round < 2000; ++round) {
      write_quickly(path / name, damaged(original, random));
      try {
        // Blanks in checkpoint.json mean nothing; no other change may go unnoticed.
        ASSERT_EQ(content_of(CheckpointReader(path)), sound) << name;
        ++unnoticed;
      } catch (const Error& error) {
        ASSERT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
        ASSERT_THAT(error.what(), HasSubstr(name));
        ASSERT_THAT(error.what(), HasSubstr("delete " + path.string()));
      }
    }
    EXPECT_LT(unnoticed, name == "checkpoint.json" ? 400 : 1);
    write_quickly(path / name, original);
  }
  EXPECT_EQ(content_of(CheckpointReader(path)), sound);
}

// A process that is killed at any moment leaves sound checkpoints, and nothing that stays.
TEST_F(CheckpointTest, SurvivesKills) {
  Random random(9);
  std::int64_t newest = 0;
  for (int round = 0; round < 12; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      try {
        for (std::int64_t step = newest + 1;; ++step) {
          write(step, static_cast<float>(step));
          write(step, static_cast<float>(step) + 0.5f);
          point_link(folder_, "last", step);
          prune_checkpoints(folder_, std::vector<std::int64_t>{step - 1, step});
        }
      } catch (...) {
        ::_exit(1);
      }
    }
    // The first round waits for a checkpoint, however slow the disk is.
    for (int wait = 0; round == 0 && wait < 1000 && list_checkpoints(folder_).empty(); ++wait) {
      ::usleep(10'000);
    }
    ::usleep(static_cast<useconds_t>(20'000 + random.below(60'000)));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));

    remove_interrupted_checkpoints(folder_);
    for (const std::string& name : names()) {
      EXPECT_TRUE(name == "last" || name.starts_with("step-")) << name;
    }
    const LatestCheckpoint latest = latest_valid_checkpoint(folder_);
    EXPECT_THAT(latest.problems, IsEmpty());
    const std::vector<std::int64_t> steps = list_checkpoints(folder_);
    for (const std::int64_t step : steps) {
      CheckpointReader(checkpoint_path(folder_, step)).verify();
    }
    const auto last = linked_step(folder_, "last");
    EXPECT_TRUE(!last || std::count(steps.begin(), steps.end(), *last) == 1);
    if (latest.reader) {
      EXPECT_GE(latest.reader->step(), newest);
      newest = latest.reader->step();
    }
  }
  EXPECT_GT(newest, 0);
}

}  // namespace
}  // namespace heed
