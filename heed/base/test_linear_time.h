// For tests: whether the time of an action grows with the length of its text, and not with the
// square of it.
#pragma once

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace heed {

// What a line may be made of to make a careless step slow.
inline std::vector<std::string> hostile_units() {
  return {"\u200d",       "\u0301", "a",  "the",   "[",  ")",      " ",
          "\t",           ".",      ". ", "-",     "1.", "漢",     "か\u3099",
          "\u1100\u1161", "\ufdfa", "\"", "&amp;", "<",  "\u200b", "👨\u200d",
          "\ue000",       ">>a<<",  "[ ", "\u00ad"};
}

inline std::string repeated(std::string_view unit, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    text += unit;
  }
  return text;
}

// The time of this thread alone, whatever else the machine does; the less of two.
template <typename Action>
double thread_seconds(const Action& action) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  double least = 1e9;
  for (int i = 0; i < 2; ++i) {
    const double begin = now();
    action();
    least = std::min(least, now() - begin);
  }
  return least;
}

// Four times the text takes four times as long; a step that is quadratic, sixteen times. What takes
// less than 5 ms for the long text is not worth telling apart.
template <typename Action>
void expect_linear_time(const std::string& name, const Action& action) {
  constexpr std::size_t bytes = 8'000;
  for (const std::string& unit : hostile_units()) {
    const std::string text = repeated(unit, bytes), longer = repeated(unit, 4 * bytes);
    const double time = thread_seconds([&] { action(text); });
    const double longer_time = thread_seconds([&] { action(longer); });
    EXPECT_TRUE(longer_time < 0.005 || longer_time < 9 * time)
        << name << " of '" << unit << "': " << time << " s, four times as long: " << longer_time;
  }
}

}  // namespace heed
