#include "heed/data/toy_tasks.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "heed/base/error.h"
#include "heed/base/random.h"

namespace heed {

namespace {

constexpr std::array<std::string_view, 3> names = {"copy", "reverse", "sort"};

std::vector<std::uint64_t> answer(ToyTask task, std::vector<std::uint64_t> symbols) {
  switch (task) {
    case ToyTask::copy:
      break;
    case ToyTask::reverse:
      std::reverse(symbols.begin(), symbols.end());
      break;
    case ToyTask::sort:
      std::sort(symbols.begin(), symbols.end());
      break;
  }
  return symbols;
}

}  // namespace

std::string_view toy_task_name(ToyTask task) {
  return names[static_cast<std::size_t>(task)];
}

ToyTask toy_task_from_name(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  check_usage(found != names.end(), "'{}' is not a toy task; choose one of {}", name,
              fmt::join(names, ", "));
  return static_cast<ToyTask>(found - names.begin());
}

std::vector<TextPair> make_toy_pairs(ToyTask task, const ToyTaskOptions& options,
                                     std::uint64_t seed) {
  check_usage(options.minimum_length >= 1 && options.minimum_length <= options.maximum_length,
              "make_toy_pairs: expected 1 <= minimum_length <= maximum_length, got {} and {}",
              options.minimum_length, options.maximum_length);
  check_usage(options.symbol_count >= 1, "make_toy_pairs: symbol_count must be at least 1");
  Random random(seed);
  std::vector<TextPair> pairs;
  pairs.reserve(options.pair_count);
  for (std::size_t i = 0; i < options.pair_count; ++i) {
    const std::size_t length =
        options.minimum_length + random.below(options.maximum_length - options.minimum_length + 1);
    std::vector<std::uint64_t> symbols(length);
    for (std::uint64_t& symbol : symbols) {
      symbol = random.below(options.symbol_count);
    }
    pairs.push_back({fmt::format("{}", fmt::join(symbols, " ")),
                     fmt::format("{}", fmt::join(answer(task, symbols), " "))});
  }
  return pairs;
}

}  // namespace heed
