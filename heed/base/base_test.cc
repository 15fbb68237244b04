#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "heed/base/brief_mutex.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/random.h"
#include "heed/base/thread_pool.h"
#include "heed/base/unicode.h"
#include "heed/base/yaml.h"

namespace heed {
namespace {

TEST(Philox, MatchesThePublishedKnownAnswers) {
  // Known-answer vectors of the Random123 library (kat_vectors, philox 4x32 10).
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (PhiloxBlock{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
  const std::uint32_t ones = 0xffffffffu;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (PhiloxBlock{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}));
  EXPECT_EQ(
      philox({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}),
      (PhiloxBlock{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
}

TEST(Random, IsAFunctionOfSeedAndStream) {
  Random a(1, 2), b(1, 2), c(1, 3);
  const auto first = a.next_u64();
  EXPECT_EQ(first, b.next_u64());
  EXPECT_NE(first, c.next_u64());
  double sum = 0, squares = 0;
  for (int i = 0; i < 20000; ++i) {
    const double value = a.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 20000, 0.0, 0.03);
  EXPECT_NEAR(squares / 20000, 1.0, 0.05);
}

TEST(ThreadPool, RunsEachTileOnce) {
  for (const int threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> seen(97);
      pool.run(97, [&](std::int64_t i) { seen[static_cast<std::size_t>(i)]++; });
      for (const auto& count : seen) {
        ASSERT_EQ(count.load(), 1);
      }
    }
  }
}

TEST(ThreadPool, PassesExceptionsOnAndStaysUsable) {
  ThreadPool pool(3);
  EXPECT_THROW(pool.run(50, [](std::int64_t i) { check(i != 20, "tile {}", i); }), Error);
  std::atomic<int> count{0};
  pool.run(50, [&](std::int64_t) { count++; });
  EXPECT_EQ(count.load(), 50);
}

// Jobs so small that workers come late, early, asleep or in the middle of the next.
TEST(ThreadPool, SmallJobsOfSeveralCallersAreComplete) {
  ThreadPool pool(4);
  const auto call = [&](int pause) {
    for (int job = 0; job < 1000; ++job) {
      std::array<int, 3> tiles{};
      pool.run(3, [&](std::int64_t i) { tiles[static_cast<std::size_t>(i)] += job + 1; });
      ASSERT_EQ(tiles, (std::array<int, 3>{job + 1, job + 1, job + 1}));
      if (job % 100 == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(pause));
      }
    }
  };
  std::thread other(call, 300);
  call(50);
  other.join();
}
// Both tiles wait for each other, so that a worker has to take one, asleep or not.
TEST(ThreadPool, WakesWorkersThatSleep) {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> begun{0};
    pool.run(2, [&](std::int64_t) {
      ++begun;
      while (begun.load() < 2) {
        std::this_thread::yield();
      }
    });
    EXPECT_EQ(begun.load(), 2);
  }
}
TEST(ThreadPool, RunsNestedCallsInline) {
  ThreadPool pool(2);
  std::atomic<int> count{0};
  pool.run(4, [&](std::int64_t) { pool.run(5, [&](std::int64_t) { count++; }); });
  EXPECT_EQ(count.load(), 20);
}

TEST(Unicode, ShowsWhatIsNoText) {
  EXPECT_EQ(escape_invalid_utf8("plain ä 漢 😀\n"), "plain ä 漢 😀\n");
  EXPECT_EQ(escape_invalid_utf8("a\xff"
                                "b\xc3"),
            "a\\xffb\\xc3");
  EXPECT_EQ(escape_invalid_utf8("\xed\xa0\x80é"), "\\xed\\xa0\\x80é");
}

TEST(Unicode, FindsInvalidSequences) {
  EXPECT_EQ(find_invalid_utf8("plain ä 漢 😀"), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("ab\xff"), 2u);
  EXPECT_EQ(find_invalid_utf8("\xc0\x80"), 0u);          // overlong
  EXPECT_EQ(find_invalid_utf8("a\xed\xa0\x80"), 1u);     // surrogate
  EXPECT_EQ(find_invalid_utf8("\xf4\x90\x80\x80"), 0u);  // past U+10FFFF
  EXPECT_EQ(find_invalid_utf8("\xe6\xbc"), 0u);          // truncated
  EXPECT_EQ(to_lower("ÄÖ İ Σ"), "äö i̇ σ");
  EXPECT_EQ(nearest_name("learning_rat", {"seed", "learning_rate"}), "learning_rate");
  EXPECT_EQ(nearest_name("zzzz", {"seed", "learning_rate"}), std::nullopt);
  EXPECT_EQ(nearest_name("learn", {"seed", "learning"}), "learning");
  EXPECT_EQ(nearest_name("l", {"seed", "learning"}), std::nullopt);
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

struct Named {
  std::string text() const { return "named"; }
};

TEST(Message, WritesEveryKindOfValue) {
  EXPECT_EQ(format_message("{} {} {} {}", true, 'c', -3, std::uint64_t{18446744073709551615u}),
            "true c -3 18446744073709551615");
  EXPECT_EQ(format_message("{} {} {:.2f} {:>4}", 0.1f, 0.1, 2.0 / 3, 7), "0.1 0.1 0.67    7");
  const std::string text = "text";
  EXPECT_EQ(format_message("{}{}{}", text, std::string_view("view"), "literal"), "textviewliteral");
  EXPECT_EQ(format_message("{}: {}, {{}}", std::filesystem::path("a/b"), Named{}),
            "a/b: named, {}");
  EXPECT_EQ(format_message("[{}] [{}]", std::vector<int>{3, 5}, std::vector<std::string>{"a", "b"}),
            "[3, 5] [a, b]");
  EXPECT_EQ(format_message("[{}]", std::vector<int>{}), "[]");
}

TEST(Message, CountsItsValues) {
  using message_detail::count_placeholders;
  static_assert(count_placeholders("") == 0 && count_placeholders("{{}}") == 0);
  static_assert(count_placeholders("a {} b {:.4f}{{{}") == 3);
  static_assert(count_placeholders("{") == -1 && count_placeholders("}") == -1);
  static_assert(count_placeholders("{0}") == -1 && count_placeholders("{:.2f") == -1);
}

// An error about the layout must not hide the one that was to be told.
TEST(Message, KeepsTheTextWhenALayoutDoesNotFit) {
  EXPECT_THAT(format_message("loss {:.3d}", 1.5), ::testing::HasSubstr("loss {:.3d}"));
}

// Held for a moment and, each hundredth time, for longer than a thread watches.
TEST(Message, ShowsTheBeginningOfALongText) {
  const std::string longest(500, 'x');
  EXPECT_EQ(format_message("{}!", longest), longest + "!");
  EXPECT_EQ(format_message("{}!", longest + "x"), longest + "… (501 bytes)!");
  EXPECT_EQ(format_message("{}", std::string(499, 'x') + "ä"),
            std::string(499, 'x') + "… (501 bytes)");
  const std::filesystem::path path(std::string(1000, 'p'));
  EXPECT_EQ(format_message("{}", path), std::string(500, 'p') + "… (1000 bytes)");
  EXPECT_EQ(format_message("{}", std::vector<std::string>(400, "one")).size(),
            500 + std::string("… (1998 bytes)").size());
}

TEST(BriefMutex, LetsOneInAtATime) {
  BriefMutex mutex;
  int count = 0;
  const auto work = [&] {
    for (int i = 0; i < 2000; ++i) {
      std::lock_guard lock(mutex);
      const int before = count;
      if (i % 100 == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      count = before + 1;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(count, 8000);
}

TEST(Files, WritesAtomicallyAndReadsWithLimits) {
  const auto directory = std::filesystem::temp_directory_path() / "heed_files_test";
  std::filesystem::create_directories(directory);
  const auto path = directory / "a.txt";
  write_file_atomically(path, "first");
  write_file_atomically(path, "second");
  EXPECT_EQ(read_file(path), "second");
  EXPECT_EQ(MappedFile(path).bytes().size(), 6u);
  EXPECT_THAT(message_of([&] { read_file(path, 3); }), testing::HasSubstr("more than the 3"));
  EXPECT_THAT(message_of([&] { read_file(directory); }), testing::HasSubstr("is a directory"));
  EXPECT_THAT(message_of([&] { read_file(directory / "none"); }),
              testing::HasSubstr("cannot open: No such file"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);
  std::filesystem::remove_all(directory);
}

// Of this process, in pages of mapped files.
std::int64_t resident_file_pages() {
  std::ifstream statistics("/proc/self/statm");
  std::int64_t total = 0, resident = 0, of_files = 0;
  statistics >> total >> resident >> of_files;
  return of_files;
}

TEST(Files, ForgetsWhatWasMapped) {
  const auto path = std::filesystem::temp_directory_path() / "heed_forgotten_file";
  constexpr std::size_t size = 8 << 20;
  std::string content(size, 'a');
  content[size / 2] = 'b';
  write_file_atomically(path, content);
  const MappedFile file(path);
  const auto text = [&] {
    return std::string_view(reinterpret_cast<const char*>(file.bytes().data()), size);
  };
  EXPECT_EQ(text(), content);
  const std::int64_t before = resident_file_pages();
  file.forget(10, 20);         // no whole page
  file.forget(0, size + 100);  // more than there is
  const std::int64_t kept = resident_file_pages();
  file.forget(1, size - 1);
  const std::int64_t after = resident_file_pages();
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  const std::int64_t pages = static_cast<std::int64_t>(size) / page;
  EXPECT_LT(before - kept, pages / 2);
  EXPECT_GT(kept - after, pages * 9 / 10);
  EXPECT_EQ(text(), content);  // read again
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace heed
