// Which examples make a batch, and in which order the batches come.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/data/example_source.h"

namespace heed {

// How examples are put together; the section `batches` of a recipe.
struct BatchConfig {
  int batch_tokens = 4096;
  int max_sentences = 0;
  int bucket_width = 8;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("batch_tokens", batch_tokens,
          "tokens in a batch at most, the sum over its examples, for each side by itself");
    visit("max_sentences", max_sentences, "sentences in a batch at most; 0: no limit");
    visit("bucket_width", bucket_width,
          "sentences whose lengths agree to this many tokens go together; 0: all lengths mixed");
  }
};

// Checks ranges. Errors (usage) name the key.
void check_batch_config(const BatchConfig& config);

// The batches of one pass over the examples: batch(i) lists its examples.
struct BatchPlan {
  std::vector<std::uint32_t> examples;
  std::vector<std::size_t> offsets{0};  // batch i is examples[offsets[i]] … [offsets[i + 1])

  std::int64_t size() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::span<const std::uint32_t> batch(std::int64_t i) const;
};

// The plan of one epoch, a function of its arguments alone: the examples are shuffled, brought
// together by length, filled into batches, and the batches shuffled. Each example occurs once.
// Error (usage): an example that is longer than a whole batch.
BatchPlan make_plan(std::span<const ExampleSize> lengths, const BatchConfig& config,
                    std::uint64_t seed, std::int64_t epoch);

// The plan of a pass in the given order, for validation.
BatchPlan make_ordered_plan(std::span<const ExampleSize> lengths, const BatchConfig& config);

}  // namespace heed
