// Pairs of sentences as batches for a generating model.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "heed/data/batching.h"
#include "heed/data/token_store.h"
#include "heed/nn/generator_loss.h"
#include "heed/text/subword_dropout.h"
#include "heed/text/text_symbols.h"
#include "heed/text/tokenizer.h"
#include "heed/training/task.h"

namespace heed {

// Packed targets, each with its source (of running text: none).
struct PairBatch : Batch {
  GeneratorExamples examples;
  std::vector<std::int64_t> numbers;  // of the examples
};

// Cuts the sentences of a batch anew: see SubwordDropout. One object per side.
//
// Thread-safety: const members may be called from any thread.
class PairSampler {
 public:
  // `longest`: a sentence whose sample has more tokens, symbol included, keeps its own ids.
  PairSampler(const TokenizerPair& tokenizers, double rate, std::int64_t longest,
              std::uint64_t seed);

  // The samples of the pair in `epoch`, a function of the arguments and the seed alone.
  std::vector<std::int32_t> source(std::span<const std::int32_t> ids, std::int64_t example,
                                   std::int64_t epoch) const;
  std::vector<std::int32_t> target(std::span<const std::int32_t> ids, std::int64_t example,
                                   std::int64_t epoch) const;

 private:
  std::vector<std::int32_t> sample(const SubwordDropout& side, std::span<const std::int32_t> ids,
                                   std::uint64_t stream) const;

  SubwordDropout source_, target_;
  double rate_;
  std::int64_t longest_;
  std::uint64_t seed_;
};

// The pairs of a store: sources with their end symbol; targets behind the start symbol as input,
// before the end symbol as output. Each pair counts its tokens and one symbol a side.
//
// Thread-safety: const members may be called from any thread.
class PairSource : public ExampleSource {
 public:
  // Without a sampler sentences are always cut the same way.
  PairSource(std::shared_ptr<const TokenStore> store, const TextSymbols& symbols,
             std::shared_ptr<const PairSampler> sampler = nullptr);

  std::span<const ExampleSize> sizes() const override { return sizes_; }
  std::unique_ptr<Batch> make(std::span<const std::uint32_t> examples,
                              std::int64_t epoch) const override;

 private:
  std::shared_ptr<const TokenStore> store_;
  TextSymbols symbols_;
  std::shared_ptr<const PairSampler> sampler_;
  std::vector<ExampleSize> sizes_;
};

// One batch after the other in the order of the examples, for measuring. `visit`: void(const
// PairBatch&). Errors: those of make_ordered_plan.
template <typename Visit>
void for_each_batch(const ExampleSource& source, const BatchConfig& config, Visit&& visit) {
  const BatchPlan plan = make_ordered_plan(source.sizes(), config);
  for (std::int64_t i = 0; i < plan.size(); ++i) {
    const std::unique_ptr<Batch> batch = source.make(plan.batch(i), 0);
    visit(static_cast<const PairBatch&>(*batch));
  }
}

// The loss of a PairBatch: see Task::loss.
Loss pair_loss(const Generator& model, const Batch& batch, double smoothing, double scale,
               ForwardContext& context);

// The loss per target token of all examples of a source of PairBatch. Errors: those of the model.
double mean_loss(const Generator& model, const ExampleSource& source, const BatchConfig& batches,
                 MatmulPrecision precision);

}  // namespace heed
