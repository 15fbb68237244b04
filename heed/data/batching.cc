#include "heed/data/batching.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/random.h"

namespace heed {

namespace {

// Keeps the shuffles apart from everything else that is drawn from the same seed.
constexpr std::uint64_t shuffle_stream = std::uint64_t{0x73687566u} << 32;

std::vector<std::uint32_t> all_examples(std::size_t count, const BatchConfig& config) {
  check_batch_config(config);
  check(count <= std::numeric_limits<std::uint32_t>::max(), "batching: {} examples are too many",
        count);
  std::vector<std::uint32_t> examples(count);
  std::iota(examples.begin(), examples.end(), 0u);
  return examples;
}

// Cuts the examples, in their order, into batches as large as the limits allow.
BatchPlan fill_batches(std::vector<std::uint32_t> examples, std::span<const ExampleSize> lengths,
                       const BatchConfig& config) {
  BatchPlan plan;
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const ExampleSize length = lengths[examples[i]];
    check_usage(
        std::max(length.first, length.second) <= config.batch_tokens,
        "batch_tokens: {} is less than the {} tokens of one sentence; raise it or allow only "
        "shorter sentences",
        config.batch_tokens, std::max(length.first, length.second));
    const bool full = first + length.first > config.batch_tokens ||
                      second + length.second > config.batch_tokens ||
                      (config.max_sentences > 0 && std::cmp_equal(i - begin, config.max_sentences));
    if (full) {
      plan.offsets.push_back(i);
      begin = i;
      first = second = 0;
    }
    first += length.first;
    second += length.second;
  }
  if (!examples.empty()) {
    plan.offsets.push_back(examples.size());
  }
  plan.examples = std::move(examples);
  return plan;
}

BatchPlan shuffle_batches(const BatchPlan& plan, Random& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(plan.size()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  random.shuffle(std::span(order));
  BatchPlan shuffled;
  shuffled.examples.reserve(plan.examples.size());
  for (const std::int64_t i : order) {
    const auto batch = plan.batch(i);
    shuffled.examples.insert(shuffled.examples.end(), batch.begin(), batch.end());
    shuffled.offsets.push_back(shuffled.examples.size());
  }
  return shuffled;
}

}  // namespace

void check_batch_config(const BatchConfig& config) {
  check_usage(config.batch_tokens >= 1, "batch_tokens: {} is less than 1", config.batch_tokens);
  check_usage(config.max_sentences >= 0, "max_sentences: {} is negative", config.max_sentences);
  check_usage(config.bucket_width >= 0, "bucket_width: {} is negative", config.bucket_width);
}

std::span<const std::uint32_t> BatchPlan::batch(std::int64_t i) const {
  check(i >= 0 && i < size(), "batch plan: batch {} of {}", i, size());
  const auto index = static_cast<std::size_t>(i);
  return std::span(examples).subspan(offsets[index], offsets[index + 1] - offsets[index]);
}

BatchPlan make_plan(std::span<const ExampleSize> lengths, const BatchConfig& config,
                    std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::uint32_t> examples = all_examples(lengths.size(), config);
  Random random(seed, shuffle_stream + static_cast<std::uint64_t>(epoch));
  random.shuffle(std::span(examples));
  if (config.bucket_width > 0) {
    const auto bucket = [&](std::uint32_t example) {
      const ExampleSize length = lengths[example];
      return std::pair(length.second / config.bucket_width, length.first / config.bucket_width);
    };
    std::stable_sort(examples.begin(), examples.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return bucket(a) < bucket(b); });
  }
  return shuffle_batches(fill_batches(std::move(examples), lengths, config), random);
}

BatchPlan make_ordered_plan(std::span<const ExampleSize> lengths, const BatchConfig& config) {
  return fill_batches(all_examples(lengths.size(), config), lengths, config);
}

}  // namespace heed
