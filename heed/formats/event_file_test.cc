#include "heed/formats/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "heed/formats/test_files.h"

namespace heed {
namespace {

using testing::HasSubstr;

class EventFileTest : public FolderTest {
 protected:
  std::filesystem::path path() const { return folder_ / "events.out.tfevents.1"; }

  // Steps of all scalars in the file.
  std::vector<std::int64_t> steps() const {
    std::vector<std::int64_t> result;
    for (const Event& event : read_event_file(path())) {
      if (!event.scalars.empty()) {
        result.push_back(event.step);
      }
    }
    return result;
  }
};

TEST_F(EventFileTest, ReadsWhatTensorBoardWrote) {
  const std::vector<Event> events = read_event_file(fixture("events.out.tfevents.python"));
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  EXPECT_EQ(events[0].wall_time, 1.5);
  EXPECT_EQ(events[2].step, 300);
  EXPECT_EQ(events[2].wall_time, 400.0);
  ASSERT_EQ(events[2].scalars.size(), 2u);
  EXPECT_EQ(events[2].scalars[0].tag, "train/loss");
  EXPECT_EQ(events[2].scalars[0].value, -0.5f);
  EXPECT_EQ(events[2].scalars[1].tag, "größe");
  EXPECT_EQ(events[3].step, std::int64_t{1} << 40);
  EXPECT_TRUE(std::isinf(events[3].scalars[0].value));
}

TEST_F(EventFileTest, EncodesAsTensorBoardDoes) {
  const std::string original = read_file(fixture("events.out.tfevents.python"));
  std::size_t place = 0;
  for (const Event& event : read_event_file(fixture("events.out.tfevents.python"))) {
    const std::string message = encode_event(event);
    EXPECT_EQ(original.substr(place + 12, message.size()), message);
    place += message.size() + 16;
  }
  EXPECT_EQ(place, original.size());
}

TEST_F(EventFileTest, WritesAndAppends) {
  {
    EventFileWriter writer(path());
    writer.add_scalar("loss", 0.5, 1, 12.25);
    writer.add_scalar("loss", NAN, 2);
    writer.flush();
    EXPECT_EQ(read_event_file(path()).size(), 3u);
    writer.add_scalar("bleu", 41, 3);
  }
  EventFileWriter(path()).add_scalar("bleu", 42, 4);
  const std::vector<Event> events = read_event_file(path());
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  EXPECT_EQ(events[1].wall_time, 12.25);
  EXPECT_EQ(events[1].scalars[0].value, 0.5f);
  EXPECT_TRUE(std::isnan(events[2].scalars[0].value));
  EXPECT_GT(events[2].wall_time, 1.7e9);
  EXPECT_EQ(events[4].scalars[0].tag, "bleu");
  EXPECT_THROW(EventFileWriter(path()).add_scalar("\xFF", 1, 1), Error);
}

TEST_F(EventFileTest, ResumesAtAStepAfterAnyCut) {
  {
    EventFileWriter writer(path());
    for (int step = 1; step <= 6; ++step) {
      writer.add_scalar("loss", step, step);
    }
  }
  EventFileWriter(path(), 4).add_scalar("loss", 5.5, 5);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{1, 2, 3, 4, 5}));

  const std::string whole = read_file(path());
  for (std::size_t size = 0; size < whole.size(); size += 5) {
    write_quickly(path(), whole.substr(0, size));
    EventFileWriter(path()).add_scalar("loss", 7, 7);
    const std::vector<std::int64_t> found = steps();
    ASSERT_EQ(found.back(), 7);
    ASSERT_LE(found.size(), 5u);
    ASSERT_EQ(read_event_file(path()).front().file_version, "brain.Event:2");
  }
}

TEST_F(EventFileTest, ResumesBeforeWhatTheLastStepTookBack) {
  {
    EventFileWriter writer(path());
    for (int step = 1; step <= 3; ++step) {
      writer.add_scalar("train/loss", step, step);
      writer.add_scalar("validation/loss", step, step);
    }
  }
  EventFileWriter(path(), 2, "validation/").flush();
  std::vector<std::string> kept;
  for (const Event& event : read_event_file(path())) {
    if (!event.scalars.empty()) {
      kept.push_back(event.scalars[0].tag + std::to_string(event.step));
    }
  }
  EXPECT_THAT(kept, testing::ElementsAre("train/loss1", "validation/loss1", "train/loss2"));
}

TEST_F(EventFileTest, ADamagedRecordEndsTheFileButAnotherFileStays) {
  { EventFileWriter(path()).add_scalar("loss", 1, 1); }
  write_file(path(), read_file(path()) + std::string(100, '\0'));
  EXPECT_EQ(error_of([&] { read_event_file(path()); }).kind(), ErrorKind::bad_data);
  { EventFileWriter(path()).add_scalar("loss", 2, 2); }
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{1, 2}));

  write_file(path(), "a text that somebody wrote");
  EXPECT_EQ(error_of([&] { EventFileWriter writer(path()); }).kind(), ErrorKind::bad_data);
  EXPECT_EQ(read_file(path()), "a text that somebody wrote");
}

TEST_F(EventFileTest, NoticesEveryDamage) {
  const std::string original = read_file(fixture("events.out.tfevents.python"));
  const std::size_t count = read_event_file(fixture("events.out.tfevents.python")).size();
  Random random(3);
  for (int round = 0; round < 4000; ++round) {
    const std::string text = damaged(original, random);
    write_quickly(path(), text);
    try {
      const std::vector<Event> events = read_event_file(path());
      // A cut between two records is the one damage that cannot be seen.
      ASSERT_TRUE(original.starts_with(text));
      ASSERT_LT(events.size(), count);
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
    }
    // Whatever bytes are given as a message, decoding ends.
    try {
      decode_event(text.substr(std::min<std::size_t>(12, text.size())), "message");
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
    }
  }
}

TEST_F(EventFileTest, AFullDiskIsAnErrorThatNamesTheFile) {
  EventFileWriter writer(path());
  const FileSizeLimit limit(4096);
  for (int i = 0; i < 200; ++i) {
    writer.add_scalar("loss", i, i);
  }
  const Error error = error_of([&] { writer.flush(); });
  EXPECT_EQ(error.kind(), ErrorKind::input_output);
  EXPECT_THAT(error.what(), HasSubstr(path().string()));
}

}  // namespace
}  // namespace heed
