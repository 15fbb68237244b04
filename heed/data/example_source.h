// What a training run learns from, as far as batching knows it: examples of certain sizes, and a
// way to make batches of them. Each task has its own (heed/training/task.h).
//
//   class Sums : public ExampleSource { … };
//   BatchStream batches(std::make_shared<const Sums>(…), config, seed);
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace heed {

// The tokens that an example brings into a batch, on each of its sides, what is put around them
// counted. An example with one side has 0 on the other.
struct ExampleSize {
  std::int32_t first = 0;
  std::int32_t second = 0;
  bool operator==(const ExampleSize&) const = default;
};

// Examples made ready for a model; each task derives its own.
struct Batch {
  virtual ~Batch() = default;
  std::int64_t predictions = 0;  // what the loss is averaged over: target tokens, labels, masks
  std::int64_t tokens = 0;       // what the speed counts
};

// Thread-safety: const members may be called from any thread.
class ExampleSource {
 public:
  virtual ~ExampleSource() = default;

  // One for each example, in the order of their numbers.
  virtual std::span<const ExampleSize> sizes() const = 0;

  // The batch of these examples: a function of the arguments (and of a seed that the source holds)
  // alone, so that subword dropout, masks and crops are drawn by them.
  virtual std::unique_ptr<Batch> make(std::span<const std::uint32_t> examples,
                                      std::int64_t epoch) const = 0;
};

}  // namespace heed
