#include "heed/data/batch_stream.h"

#include <utility>
#include <vector>

#include "heed/base/error.h"

namespace heed {

// Makes the batches in order; lives on the prefetcher's thread.
struct BatchStream::Producer {
  std::shared_ptr<const TokenStore> store;
  BatchConfig config;
  TextSymbols symbols;
  std::uint64_t seed = 0;
  BatchPosition position;
  std::shared_ptr<const BatchSampler> sampler;
  std::vector<PairLength> lengths;
  BatchPlan plan;
  bool planned = false;

  PlacedBatch make() {
    if (!planned) {
      begin_epoch();
    }
    PlacedBatch result;
    result.batch =
        make_batch(*store, plan.batch(position.batch), symbols, sampler.get(), position.epoch);
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
    if (lengths.empty()) {
      lengths = pair_lengths(*store);
      check(!lengths.empty(), "training: the corpus has no examples");
    }
    plan = make_plan(lengths, config, seed, position.epoch);
    check(position.batch >= 0 && position.batch < plan.size(),
          "training: epoch {} has {} batches, so it cannot continue at batch {}", position.epoch,
          plan.size(), position.batch);
    planned = true;
  }
};

BatchStream::BatchStream(std::shared_ptr<const TokenStore> store, BatchConfig config,
                         TextSymbols symbols, std::uint64_t seed, BatchPosition start,
                         std::shared_ptr<const BatchSampler> sampler, std::size_t depth)
    : prefetcher_([producer = std::make_shared<Producer>(
                       Producer{std::move(store),
                                config,
                                std::move(symbols),
                                seed,
                                start,
                                std::move(sampler),
                                {},
                                {},
                                false})]() { return std::optional<PlacedBatch>(producer->make()); },
                  depth) {}

PlacedBatch BatchStream::next() {
  std::optional<PlacedBatch> batch = prefetcher_.next();
  check(batch.has_value(), "training: the batches ended");
  return std::move(*batch);
}

}  // namespace heed
