// The batches of a training run, epoch after epoch, prepared ahead on a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "heed/data/batching.h"
#include "heed/data/example_source.h"
#include "heed/data/prefetcher.h"

namespace heed {

// A place in the endless sequence of batches.
struct BatchPosition {
  std::int64_t epoch = 0;
  std::int64_t batch = 0;  // in the epoch
  bool operator==(const BatchPosition&) const = default;
};

struct PlacedBatch {
  std::unique_ptr<Batch> batch;
  BatchPosition position;
  BatchPosition next;                 // where a run that stops after this batch continues
  std::int64_t batches_in_epoch = 0;  // in this one; the number varies a little
};

// Thread-safety: next() is for one thread.
class BatchStream {
 public:
  // Starts at any position: what follows is the same as when all before it had been read. Errors:
  // usage as for make_plan; failure when the source is empty or the epoch has no such batch. They
  // come from the first next().
  BatchStream(std::shared_ptr<const ExampleSource> source, const BatchConfig& config,
              std::uint64_t seed, BatchPosition start = {}, std::size_t depth = 8);

  PlacedBatch next();

 private:
  struct Producer;
  Prefetcher<PlacedBatch> prefetcher_;
};

}  // namespace heed
