#include "heed/data/batch_stream.h"

#include <utility>

#include "heed/base/error.h"

namespace heed {

// Makes the batches in order; lives on the prefetcher's thread.
struct BatchStream::Producer {
  std::shared_ptr<const ExampleSource> source;
  BatchConfig config;
  std::uint64_t seed = 0;
  BatchPosition position;
  BatchPlan plan = {};
  bool planned = false;

  PlacedBatch make() {
    if (!planned) {
      begin_epoch();
    }
    PlacedBatch result;
    result.batch = source->make(plan.batch(position.batch), position.epoch);
    result.position = position;
    result.batches_in_epoch = plan.size();
    ++position.batch;
    if (position.batch == plan.size()) {
      position = {position.epoch + 1, 0};
      planned = false;
    }
    result.next = position;
    return result;
  }

 private:
  void begin_epoch() {
    check(!source->sizes().empty(), "training: the corpus has no examples");
    plan = make_plan(source->sizes(), config, seed, position.epoch);
    check(position.batch >= 0 && position.batch < plan.size(),
          "training: epoch {} has {} batches, so it cannot continue at batch {}", position.epoch,
          plan.size(), position.batch);
    planned = true;
  }
};

BatchStream::BatchStream(std::shared_ptr<const ExampleSource> source, const BatchConfig& config,
                         std::uint64_t seed, BatchPosition start, std::size_t depth)
    : prefetcher_(
          [producer =
               std::make_shared<Producer>(Producer{std::move(source), config, seed, start})]() {
            return std::optional<PlacedBatch>(producer->make());
          },
          depth) {}

PlacedBatch BatchStream::next() {
  std::optional<PlacedBatch> batch = prefetcher_.next();
  check(batch.has_value(), "training: the batches ended");
  return std::move(*batch);
}

}  // namespace heed
