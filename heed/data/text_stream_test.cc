#include "heed/data/text_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>

#include "heed/base/error.h"
#include "heed/data/corpus_check.h"
#include "heed/data/held_lines.h"
#include "heed/data/line_reader.h"
#include "heed/data/test_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string text_in(const std::string& path, std::size_t buffer_size = 1000) {
  TextStream stream(path);
  std::vector<char> buffer(buffer_size);
  std::string text;
  while (const std::size_t count = stream.read(buffer)) {
    text.append(buffer.data(), count);
  }
  EXPECT_EQ(stream.read(buffer), 0u);
  return text;
}

class TextStreamTest : public FileTest {
 protected:
  std::string compressed(std::string_view text) const {
    return read_file(write_gzip("member.gz", text));
  }
  std::string refusal(std::string_view content) const {
    return error_of(ErrorKind::bad_data, [&] { text_in(write("x.gz", content)); });
  }
};

TEST_F(TextStreamTest, ReadsSeveralMembersAndZeroBytesBehindThem) {
  const std::string one = compressed("one\n"), none = compressed(""), two = compressed("two\n");
  const std::string padding(300'000, '\0');
  for (const std::size_t buffer : {1, 3, 1000}) {
    EXPECT_EQ(text_in(write("a.gz", one + two), buffer), "one\ntwo\n");
    EXPECT_EQ(text_in(write("a.gz", none + one + none + none + two + none), buffer), "one\ntwo\n");
    EXPECT_EQ(text_in(write("a.gz", one + two + padding), buffer), "one\ntwo\n");
    EXPECT_EQ(text_in(write("a.gz", one + std::string(1, '\0')), buffer), "one\n");
    EXPECT_EQ(text_in(write("a", one), buffer), "one\n") << "its name does not matter";
    EXPECT_EQ(text_in(write("a", std::string("\x1f", 1)), buffer), std::string("\x1f", 1));
    EXPECT_EQ(text_in(write("a", ""), buffer), "");
  }
}

TEST_F(TextStreamTest, FindsTheNextMemberWhereverTheBufferOfInputEnds) {
  // The sizes of the first member pass over the border of what is read at once.
  const std::string two = compressed("two\n");
  for (std::size_t extra = (std::size_t{1} << 17) - 40; extra < (std::size_t{1} << 17); ++extra) {
    // A name in the header is the way to make a member of any size.
    const std::string one = compressed("one\n");
    std::string padded = one.substr(0, 3) + '\x08' + one.substr(4, 6) + std::string(extra, 'n') +
                         '\0' + one.substr(10);
    ASSERT_EQ(text_in(write("a.gz", padded + two)), "one\ntwo\n") << extra;
  }
}

TEST_F(TextStreamTest, RefusesWhatFollowsAMemberAndIsNone) {
  const std::string one = compressed("one\n"), two = compressed("two\n");
  const std::string size = std::to_string(one.size());
  EXPECT_THAT(refusal(one + "plain text\n"), HasSubstr("x.gz: from byte " + size + " on there is"));
  EXPECT_THAT(refusal(one + two + "x"),
              HasSubstr("from byte " + std::to_string(one.size() + two.size()) + " on"));
  EXPECT_THAT(refusal(one + std::string(3, '\0') + two),
              HasSubstr("from byte " + std::to_string(one.size() + 3) + " on"));
  EXPECT_THAT(refusal(one + std::string(400'000, '\0') + "x"),
              HasSubstr("from byte " + std::to_string(one.size() + 400'000) + " on"));
  EXPECT_THAT(refusal(one + "\x1f x"), HasSubstr("from byte " + size + " on"));
}

TEST_F(TextStreamTest, RefusesAMemberThatIsCutAnywhere) {
  const std::string one = compressed("one\n"), two = compressed("two\n");
  for (std::size_t kept = 1; kept < two.size(); ++kept) {
    EXPECT_THAT(refusal(one + two.substr(0, kept)),
                EndsWith("cut off at byte " + std::to_string(one.size() + kept)));
  }
  for (std::size_t kept = 2; kept < one.size(); ++kept) {
    EXPECT_THAT(refusal(one.substr(0, kept)), EndsWith("cut off at byte " + std::to_string(kept)));
  }
  std::string damaged = one;
  damaged[one.size() - 6] ^= 1;  // of the checksum
  EXPECT_THAT(refusal(damaged), HasSubstr("are damaged near byte"));
}

// Compressed text whose memory or time would be much more than the file's size.
TEST_F(TextStreamTest, RefusesALongLineAtTheLimitAndNotAtItsEnd) {
  const std::string file = write_gzip("zeros.gz", std::string(30'000'000, '\0'));
  std::string damaged = read_file(file);
  damaged.resize(damaged.size() / 2);  // an error of its own, which nobody reads as far as
  write("zeros.gz", damaged);
  LineReader reader(file);
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { reader.next(); }),
              EndsWith("zeros.gz:1: the line is longer than 1000000 bytes"));
  LineReader going_on(file);
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { going_on.next_with_problem(); }),
              HasSubstr("cut off"));
}

TEST_F(TextStreamTest, WhatIsReadBehindALongLineIsLimitedToo) {
  // A hole takes no room on the disk.
  const std::string file = write("hole", "");
  std::filesystem::resize_file(file, skipped_line_limit + (1 << 20));
  LineReader reader(file);
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { reader.next_with_problem(); }),
              HasSubstr("hole:1: the line is longer than 268435456 bytes"));
}

using HeldLinesTest = FileTest;

TEST_F(HeldLinesTest, GivesTheLinesOrTheFirstOfThem) {
  const std::string file = write_gzip("a.gz", "one\ntwo\n\nthree");
  EXPECT_THAT(read_held_lines(file), ElementsAre("one", "two", "", "three"));
  EXPECT_THAT(read_held_lines(file, 2), ElementsAre("one", "two"));
  EXPECT_THAT(read_held_lines(write("none", "")), SizeIs(0));
}

TEST_F(HeldLinesTest, RefusesMoreLinesThanAreHeld) {
  const auto lines = static_cast<std::size_t>(held_line_limit);
  const std::string most = write_gzip("most.gz", std::string(lines, '\n'));
  EXPECT_THAT(read_held_lines(most), SizeIs(lines));
  const std::string more = write_gzip("more.gz", std::string(lines + 1, '\n'));
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { read_held_lines(more); }),
              HasSubstr("more.gz:5000001: more than 5000000 lines or 1073741824 bytes"));
  EXPECT_THAT(read_held_lines(more, 3), SizeIs(3));
}

TEST_F(HeldLinesTest, RefusesMorePairsThanAreHeld) {
  CorpusFiles files;
  files.source = {write("a.1", "one\n\n"), write("a.2", "three\n")};
  files.target = {write("b.1", "1\n2\n"), write("b.2", "3\n")};
  const ParallelCorpus corpus(files);
  const auto count = [&](const HeldLimits& limits) {
    std::int64_t pairs = 0;
    for_each_held(
        corpus, [&](const SentencePair& pair) { pairs = pair.number; }, limits);
    return pairs;
  };
  EXPECT_EQ(count({}), 3);
  EXPECT_EQ(count({.lines = 3, .bytes = 8}), 3);
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { count({.lines = 2}); }),
              HasSubstr("a.1: pair 3: more than 2 pairs, or 1073741824 bytes of a side"));
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { count({.bytes = 7}); }),
              HasSubstr("a.1: pair 3: more than 5000000 pairs, or 7 bytes of a side"));
}

TEST_F(HeldLinesTest, TakesRegularFilesAndWhatIsOpenAlready) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { read_held_lines(path("fifo")); }),
              HasSubstr("fifo: is no regular file"));
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { read_held_lines("/dev/zero"); }),
              HasSubstr("/dev/zero: is no regular file"));
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { read_held_lines(directory_.string()); }),
              HasSubstr("is a directory"));
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { read_held_lines(path("missing")); }),
              HasSubstr("missing: cannot open"));
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "one\ntwo\n", 8), 8);
  ::close(ends[1]);
  EXPECT_THAT(read_held_lines("/dev/fd/" + std::to_string(ends[0])), ElementsAre("one", "two"));
  ::close(ends[0]);
}

using CorpusCheckLimitTest = FileTest;

TEST_F(CorpusCheckLimitTest, CountsEmptyPairsWithoutRememberingThem) {
  CorpusFiles files;
  files.source = {write("a", "\n\n\n one two\n\n\n\n\n\n\n")};
  files.target = {write("b", "\n\n\nthree\n\n\n\n\n\n\n")};
  const CorpusReport report = check_corpus(ParallelCorpus(files));
  EXPECT_EQ(report.pairs, 10);
  EXPECT_EQ(report.source.words.mean, 0.2);
  EXPECT_EQ(report.source.words.median, 0);
  EXPECT_EQ(report.source.words.percentile_90, 0);
  EXPECT_EQ(report.source.words.percentile_99, 2);
  EXPECT_EQ(report.target.characters.mean, 0.5);
  EXPECT_EQ(report.target.characters.longest, 5);
}

}  // namespace
}  // namespace heed
