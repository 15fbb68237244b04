#include "apps/heed/line_blocks.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "heed/base/error.h"
#include "heed/base/files.h"

namespace heed::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A pipe whose reading end is turned into blocks.
class Pipe {
 public:
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    read_end_ = ends[0];
    write_end_ = ends[1];
    blocks_ = descriptor_blocks(read_end_, "input");
  }
  ~Pipe() {
    close();
    ::close(read_end_);
  }
  void write(const std::string& text) {
    EXPECT_EQ(::write(write_end_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (write_end_ >= 0) {
      ::close(write_end_);
      write_end_ = -1;
    }
  }
  void do_not_block() { ::fcntl(read_end_, F_SETFL, O_NONBLOCK); }
  std::vector<std::string> next(std::size_t limit = 100) { return blocks_->next(limit).lines; }
  LineBlocks& blocks() { return *blocks_; }

 private:
  int read_end_ = -1;
  int write_end_ = -1;
  std::unique_ptr<LineBlocks> blocks_;
};

std::string error_of(LineBlocks& blocks) {
  try {
    blocks.next(100);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    return error.what();
  }
  return "no error";
}

TEST(LineBlocks, AnswersAsSoonAsNoMoreIsThere) {
  Pipe pipe;
  pipe.write("one\n");
  EXPECT_THAT(pipe.next(), ElementsAre("one"));
  pipe.write("two\nthree\nfo");
  EXPECT_THAT(pipe.next(), ElementsAre("two", "three"));
  pipe.write("ur\n\n");
  EXPECT_THAT(pipe.next(), ElementsAre("four", ""));
  pipe.close();
  EXPECT_THAT(pipe.next(), ElementsAre());
}

TEST(LineBlocks, WaitsForTheFirstLine) {
  for (const bool nonblocking : {false, true}) {
    Pipe pipe;
    if (nonblocking) {
      pipe.do_not_block();
    }
    std::thread writer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      pipe.write("slow");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      pipe.write("ly\n");
    });
    EXPECT_THAT(pipe.next(), ElementsAre("slowly"));
    writer.join();
  }
}

TEST(LineBlocks, CountsLinesAndKeepsToTheLimit) {
  Pipe pipe;
  pipe.write("1\n2\n3\n4\n5");
  pipe.close();
  EXPECT_THAT(pipe.next(2), ElementsAre("1", "2"));
  const LineBlock block = pipe.blocks().next(2);
  EXPECT_THAT(block.lines, ElementsAre("3", "4"));
  EXPECT_EQ(block.first_number, 3);
  EXPECT_THAT(pipe.next(2), ElementsAre("5"));  // without a newline
  EXPECT_THAT(pipe.next(2), ElementsAre());
}

TEST(LineBlocks, TakesOffCarriageReturnsAndTheByteOrderMark) {
  Pipe pipe;
  pipe.write("\xEF\xBB\xBFone\r\ntwo\rthree\r\n\r\n");
  EXPECT_THAT(pipe.next(), ElementsAre("one", "two\rthree", ""));
}

TEST(LineBlocks, LinesBeforeADamagedOneAreGivenOutFirst) {
  Pipe pipe;
  pipe.write("good\nb\xC3\x28 bad\nafter\n");
  EXPECT_THAT(pipe.next(), ElementsAre("good"));
  EXPECT_THAT(error_of(pipe.blocks()), HasSubstr("input:2: invalid UTF-8 at byte 1"));
  EXPECT_THAT(error_of(pipe.blocks()), HasSubstr("input:2"));
}

TEST(LineBlocks, RefusesNulBytesAndEndlessLines) {
  Pipe pipe;
  pipe.write(std::string("a\nx\0y\n", 6));
  EXPECT_THAT(pipe.next(), ElementsAre("a"));
  EXPECT_THAT(error_of(pipe.blocks()), HasSubstr("input:2: NUL byte at byte 1"));

  Pipe endless;
  std::thread writer([&] {  // a little more than the limit, which the pipe still takes
    for (int i = 0; i < 101; ++i) {
      endless.write(std::string(10000, 'x'));
    }
  });
  EXPECT_THAT(error_of(endless.blocks()), HasSubstr("input:1: the line is longer than 1000000"));
  writer.join();
}

TEST(LineBlocks, HoldsNotManyMoreThanSixteenMegabytes) {
  const auto path =
      std::filesystem::temp_directory_path() / ("heed-long-lines-" + std::to_string(::getpid()));
  const std::string line(900'000, 'x');
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += line + "\n";
  }
  write_file(path, text);
  const auto blocks = file_blocks(path.string());
  EXPECT_EQ(blocks->next(1000).lines.size(), 19u);  // 18 have 16.2 million bytes
  EXPECT_EQ(blocks->next(1000).first_number, 20);
  EXPECT_EQ(blocks->next(1000).lines.size(), 2u);
  EXPECT_TRUE(blocks->next(1000).lines.empty());
  std::filesystem::remove(path);
}

TEST(LineBlocks, ReadsFilesInFullBlocks) {
  const auto path =
      std::filesystem::temp_directory_path() / ("heed-line-blocks-" + std::to_string(::getpid()));
  write_file(path, "a\nb\r\nc\xFF\n");
  const auto blocks = file_blocks(path.string());
  EXPECT_THAT(blocks->next(1).lines, ElementsAre("a"));
  EXPECT_THAT(blocks->next(5).lines, ElementsAre("b"));
  EXPECT_THAT(error_of(*blocks), HasSubstr(":3: invalid UTF-8"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace heed::app
