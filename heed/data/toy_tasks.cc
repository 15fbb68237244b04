#include "heed/data/toy_tasks.h"

#include <fmt/format.h>

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

// The parts of a task share nothing: each draws from a seed of its own.
std::uint64_t part_seed(const ToyTaskConfig& config, std::uint64_t part) {
  return static_cast<std::uint64_t>(config.seed) << 22 | part;
}

}  // namespace

std::string_view toy_task_name(ToyTask task) {
  return names[static_cast<std::size_t>(task)];
}

ToyTask toy_task_from_name(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  check_usage(found != names.end(), "'{}' is not a toy task; choose one of {}", name, names);
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

void check_toy_task_config(const ToyTaskConfig& config) {
  toy_task_from_name(config.kind);
  const auto within = [](const char* key, std::int64_t value, std::int64_t least,
                         std::int64_t most) {
    check_usage(value >= least && value <= most, "data.toy.{}: must be in {} … {}, got {}", key,
                least, most, value);
  };
  constexpr int many = 10'000'000;
  within("symbols", config.symbols, 1, 1'000'000);
  within("minimum_length", config.minimum_length, 1, 1'000'000);
  within("maximum_length", config.maximum_length, config.minimum_length, 1'000'000);
  within("train_pairs", config.train_pairs, 1, many);
  within("validation_pairs", config.validation_pairs, 1, many);
  within("test_pairs", config.test_pairs, 1, many);
  within("seed", config.seed, 0, std::int64_t{1} << 40);
}

void write_toy_task(const ToyTaskConfig& config, const std::filesystem::path& directory) {
  check_toy_task_config(config);
  const std::pair<const char*, int> parts[] = {{"train", config.train_pairs},
                                               {"validation", config.validation_pairs},
                                               {"test", config.test_pairs}};
  std::uint64_t number = 0;
  for (const auto& [name, pairs] : parts) {
    const auto made =
        make_toy_pairs(toy_task_from_name(config.kind),
                       {.pair_count = static_cast<std::size_t>(pairs),
                        .minimum_length = static_cast<std::size_t>(config.minimum_length),
                        .maximum_length = static_cast<std::size_t>(config.maximum_length),
                        .symbol_count = static_cast<std::size_t>(config.symbols)},
                       part_seed(config, number++));
    write_parallel_text(made, directory / fmt::format("{}.source", name),
                        directory / fmt::format("{}.target", name));
  }
}

std::vector<TextPair> make_toy_pairs_of_length(const ToyTaskConfig& config, std::size_t length,
                                               std::size_t pairs) {
  check_toy_task_config(config);
  check_usage(length >= 1 && length <= 1'000'000, "{} task: cannot make sequences of {} symbols",
              config.kind, length);
  return make_toy_pairs(toy_task_from_name(config.kind),
                        {.pair_count = pairs,
                         .minimum_length = length,
                         .maximum_length = length,
                         .symbol_count = static_cast<std::size_t>(config.symbols)},
                        part_seed(config, 3 + length));
}

}  // namespace heed
