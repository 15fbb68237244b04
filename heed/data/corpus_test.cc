#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/data/line_reader.h"
#include "heed/data/parallel_corpus.h"
#include "heed/data/test_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& path, std::size_t limit = default_line_limit) {
  std::vector<std::string> lines;
  LineReader reader(path, limit);
  while (const auto line = reader.next()) {
    lines.emplace_back(*line);
  }
  EXPECT_EQ(reader.line_number(), static_cast<std::int64_t>(lines.size()));
  return lines;
}

using LineReaderTest = FileTest;

TEST_F(LineReaderTest, ReadsPlainAndCompressedText) {
  const std::string text = "one\ntwo\n\nGrüße";
  EXPECT_THAT(lines_of(write("a", text)), ElementsAre("one", "two", "", "Grüße"));
  EXPECT_THAT(lines_of(write("b", text + "\n")), ElementsAre("one", "two", "", "Grüße"));
  EXPECT_THAT(lines_of(write_gzip("a.gz", text)), ElementsAre("one", "two", "", "Grüße"));
  EXPECT_THAT(lines_of(write("c", "\xEF\xBB\xBFone\r\ntwo\r\n")), ElementsAre("one", "two"));
  EXPECT_THAT(lines_of(write("d", "a\rb\u2028c\n")), ElementsAre("a\rb\u2028c"));
  EXPECT_TRUE(lines_of(write("e", "")).empty());
  EXPECT_TRUE(lines_of(write_gzip("e.gz", "")).empty());
  EXPECT_THAT(lines_of(write("f", "\n\n")), ElementsAre("", ""));
}

TEST_F(LineReaderTest, ReadsMoreThanItsBuffer) {
  std::string text;
  for (int i = 0; i < 100000; ++i) {
    text += "line " + std::to_string(i) + "\n";
  }
  for (const std::string& file : {write("a", text), write_gzip("a.gz", text)}) {
    const auto lines = lines_of(file);
    ASSERT_EQ(lines.size(), 100000u);
    EXPECT_EQ(lines[65432], "line 65432");
  }
  const std::string longest(default_line_limit, 'x');
  EXPECT_THAT(lines_of(write("b", longest + "\ny\n")), ElementsAre(longest, "y"));
}

TEST_F(LineReaderTest, NamesFileAndLineOfWhatIsNoText) {
  const auto message = [&](std::string_view text) {
    return error_of(ErrorKind::bad_data, [&] { lines_of(write("x.en", text)); });
  };
  EXPECT_THAT(message("good\nbad \xff\n"), HasSubstr("x.en:2: invalid UTF-8 at byte 4"));
  EXPECT_THAT(message("good\ngood\n\xC3"), HasSubstr("x.en:3: invalid UTF-8"));
  EXPECT_THAT(message(std::string_view("good\na\0b\n", 9)),
              HasSubstr("x.en:2: NUL byte at byte 1"));
  EXPECT_THAT(message(std::string_view("a\0b\0\n\0", 6)), HasSubstr("UTF-16"));
  EXPECT_THAT(message("a\n" + std::string(10'000'000, 'x') + "\nb\n"),
              HasSubstr("x.en:2: the line is longer than 1000000 bytes"));
}

TEST_F(LineReaderTest, CanTellInsteadOfThrow) {
  write("a", std::string_view("ok\n\xff\na\0\nlonger line\nok\n", 23));
  LineReader reader(path("a"), 5);
  std::vector<LineProblem> problems;
  while (const auto line = reader.next_with_problem()) {
    problems.push_back(line->problem);
    EXPECT_LE(line->text.size(), 5u);
  }
  EXPECT_THAT(problems, ElementsAre(LineProblem::none, LineProblem::invalid_utf8, LineProblem::nul,
                                    LineProblem::too_long, LineProblem::none));
}

TEST_F(LineReaderTest, NamesFilesThatCannotBeRead) {
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { lines_of(path("missing")); }),
              HasSubstr("missing: cannot open"));
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { lines_of(directory_.string()); }),
              HasSubstr("is a directory"));
  if (::geteuid() != 0) {  // root reads everything
    write("secret", "x\n");
    std::filesystem::permissions(path("secret"), std::filesystem::perms::none);
    EXPECT_THAT(error_of(ErrorKind::input_output, [&] { lines_of(path("secret")); }),
                HasSubstr("secret: cannot open"));
  }
}

TEST_F(LineReaderTest, RefusesDamagedCompression) {
  std::string text;
  Random random(3);
  for (int i = 0; i < 2000; ++i) {
    text += std::to_string(random.next_u64()) + "\n";
  }
  const std::string good = read_file(write_gzip("good.gz", text));
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { lines_of(write("plain.gz", "hello\n")); }),
              HasSubstr("not compressed"));
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { lines_of(write("empty.gz", "")); }),
              HasSubstr("not compressed"));
  for (int round = 0; round < 60; ++round) {
    const std::size_t size = 1 + random.below(good.size() - 1);
    EXPECT_THROW(lines_of(write("cut.gz", good.substr(0, size))), Error) << size;
  }
  for (int round = 0; round < 100; ++round) {
    std::string damaged = good;
    damaged[10 + random.below(damaged.size() - 10)] ^= static_cast<char>(1 + random.below(255));
    EXPECT_THROW(lines_of(write("damaged.gz", damaged)), Error) << round;
  }
}

using ParallelCorpusTest = FileTest;

std::vector<std::string> pairs_of(const CorpusFiles& files) {
  std::vector<std::string> pairs;
  ParallelCorpus(files).for_each([&](const SentencePair& pair) {
    pairs.push_back(std::to_string(pair.number) + ":" + std::string(pair.source) + "|" +
                    std::string(pair.target));
  });
  return pairs;
}

CorpusFiles two_files(const std::string& source, const std::string& target) {
  CorpusFiles files;
  files.source = {source};
  files.target = {target};
  return files;
}

TEST_F(ParallelCorpusTest, ReadsFilesInPairsAndTables) {
  CorpusFiles files = two_files(write("a.en", "one\ntwo\n"), write_gzip("a.de.gz", "eins\nzwei"));
  EXPECT_THAT(pairs_of(files), ElementsAre("1:one|eins", "2:two|zwei"));
  files.source.push_back(write("b.en", "three\n"));
  files.target.push_back(write("b.de", "drei\n"));
  EXPECT_THAT(pairs_of(files), ElementsAre("1:one|eins", "2:two|zwei", "3:three|drei"));
  CorpusFiles table;
  table.table = {write("t.tsv", "x\tone\teins\nx\t\tzwei\r\n")};
  table.source_column = 3;
  EXPECT_THAT(pairs_of(table), ElementsAre("1:eins|one", "2:zwei|"));
  std::vector<std::string> streamed;
  const ParallelCorpus corpus(table);
  corpus.stream()(
      [&](std::string_view source, std::string_view) { streamed.emplace_back(source); });
  EXPECT_THAT(streamed, ElementsAre("eins", "zwei"));
}

TEST_F(ParallelCorpusTest, RefusesWhatMakesNoCorpus) {
  const std::string five = write("five", "1\n2\n3\n4\n5\n");
  const std::string three = write("three", "1\n2\n3\n");
  const std::string nothing = write("nothing", "");
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { pairs_of(two_files(five, three)); }),
              HasSubstr("five has 5 lines, but " + three + " has 3"));
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { pairs_of(two_files(nothing, five)); }),
              HasSubstr("nothing has 0 lines"));
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { pairs_of(two_files(nothing, nothing)); }),
              HasSubstr("the corpus is empty"));
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { pairs_of(two_files(five, path("no"))); }),
              HasSubstr("no: cannot open: no such file"));
  EXPECT_THAT(
      error_of(ErrorKind::input_output, [&] { pairs_of(two_files(directory_.string(), five)); }),
      HasSubstr("is a directory"));
  EXPECT_THAT(error_of(ErrorKind::usage, [] { pairs_of({}); }), HasSubstr("no files"));
  CorpusFiles uneven = two_files(five, five);
  uneven.source.push_back(five);
  EXPECT_THAT(error_of(ErrorKind::usage, [&] { pairs_of(uneven); }),
              HasSubstr("2 source files, but 1 target files"));
  CorpusFiles both = two_files(five, five);
  both.table = {five};
  EXPECT_THAT(error_of(ErrorKind::usage, [&] { pairs_of(both); }), HasSubstr("not both"));
  CorpusFiles table;
  table.table = {write("t.tsv", "a\tb\nc\n")};
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { pairs_of(table); }),
              HasSubstr("t.tsv:2: 1 columns, expected at least 2"));
  table.source_column = 0;
  EXPECT_THAT(error_of(ErrorKind::usage, [&] { pairs_of(table); }), HasSubstr("count from 1"));
}

TEST_F(ParallelCorpusTest, ItsFingerprintFollowsTheContent) {
  const CorpusFiles files = two_files(write("a", "one\n"), write("b", "eins\n"));
  const std::uint64_t first = ParallelCorpus(files).fingerprint();
  EXPECT_EQ(first, ParallelCorpus(two_files(write("c", "one\n"), path("b"))).fingerprint());
  EXPECT_NE(first, ParallelCorpus(two_files(path("b"), path("a"))).fingerprint());
  write("b", "einz\n");
  EXPECT_NE(first, ParallelCorpus(files).fingerprint());
}

}  // namespace
}  // namespace heed
