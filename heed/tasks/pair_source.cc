#include "heed/tasks/pair_source.h"

#include "heed/autograd/gradient.h"
#include "heed/base/error.h"
#include "heed/base/random.h"

namespace heed {

namespace {

// Names the random numbers of one side of one example in one epoch; the constant keeps them apart
// from other uses of the seed.
std::uint64_t stream_of(std::int64_t example, std::int64_t epoch, std::uint64_t side) {
  constexpr std::uint64_t purpose = std::uint64_t{0x5B} << 56;
  return purpose ^ static_cast<std::uint64_t>(epoch) << 36 ^
         static_cast<std::uint64_t>(example) << 1 ^ side;
}

}  // namespace

PairSampler::PairSampler(const TokenizerPair& tokenizers, double rate, std::int64_t longest,
                         std::uint64_t seed)
    : source_(*tokenizers.source),
      target_(*tokenizers.target),
      rate_(rate),
      longest_(longest),
      seed_(seed) {}

std::vector<std::int32_t> PairSampler::source(std::span<const std::int32_t> ids,
                                              std::int64_t example, std::int64_t epoch) const {
  return sample(source_, ids, stream_of(example, epoch, 0));
}

std::vector<std::int32_t> PairSampler::target(std::span<const std::int32_t> ids,
                                              std::int64_t example, std::int64_t epoch) const {
  return sample(target_, ids, stream_of(example, epoch, 1));
}

std::vector<std::int32_t> PairSampler::sample(const SubwordDropout& side,
                                              std::span<const std::int32_t> ids,
                                              std::uint64_t stream) const {
  Random random(seed_, stream);
  std::vector<std::int32_t> sampled = side.sample(ids, rate_, random);
  if (static_cast<std::int64_t>(sampled.size()) >= longest_) {
    sampled.assign(ids.begin(), ids.end());
  }
  return sampled;
}

namespace {

using Ids = std::vector<std::int32_t>;

void append(Ids& ids, std::span<const std::int32_t> more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

// What a batch is put together in.
struct PackedPairs {
  Ids source, input, output;
  Ids source_offsets = {0}, target_offsets = {0};
  std::vector<std::int64_t> numbers;

  void end_pair(std::int64_t number) {
    source_offsets.push_back(static_cast<std::int32_t>(source.size()));
    target_offsets.push_back(static_cast<std::int32_t>(output.size()));
    numbers.push_back(number);
  }

  std::unique_ptr<Batch> finish() {
    auto batch = std::make_unique<PairBatch>();
    batch->predictions = static_cast<std::int64_t>(output.size());
    batch->tokens = static_cast<std::int64_t>(source.size() + output.size());
    auto& [source_inputs, begun] = batch->examples.prompts;
    source_inputs = {.ids = id_tensor(source),
                     .rows = make_sequences_from_offsets(source_offsets, numbers)};
    begun = {.ids = id_tensor(input), .rows = make_sequences_from_offsets(target_offsets, numbers)};
    batch->examples.outputs = id_tensor(output);
    batch->numbers = std::move(numbers);
    return batch;
  }
};

std::int32_t token_count(std::span<const std::int32_t> ids) {
  return static_cast<std::int32_t>(ids.size());
}

}  // namespace

PairSource::PairSource(std::shared_ptr<const TokenStore> store, const TextSymbols& symbols,
                       std::shared_ptr<const PairSampler> sampler)
    : store_(std::move(store)), symbols_(symbols), sampler_(std::move(sampler)) {
  for (std::int64_t i = 0; i < store_->size(); ++i) {
    sizes_.push_back({token_count(store_->source(i)) + 1, token_count(store_->target(i)) + 1});
  }
}

std::unique_ptr<Batch> PairSource::make(std::span<const std::uint32_t> examples,
                                        std::int64_t epoch) const {
  PackedPairs packed;
  Ids source, target;
  for (const std::uint32_t example : examples) {
    std::span<const std::int32_t> source_ids = store_->source(example);
    std::span<const std::int32_t> target_ids = store_->target(example);
    if (sampler_ != nullptr) {
      source = sampler_->source(source_ids, example, epoch);
      target = sampler_->target(target_ids, example, epoch);
      source_ids = source;
      target_ids = target;
    }
    append(packed.source, source_ids);
    packed.source.push_back(symbols_.source_end);
    packed.input.push_back(symbols_.start);
    append(packed.input, target_ids);
    append(packed.output, target_ids);
    packed.output.push_back(symbols_.end);
    packed.end_pair(example);
  }
  return packed.finish();
}

Loss pair_loss(const Generator& model, const Batch& batch, double smoothing, double scale,
               ForwardContext& context) {
  const GeneratorExamples& examples = static_cast<const PairBatch&>(batch).examples;
  const ops::CrossEntropyResult result = generator_loss(model, examples.prompts, examples.outputs,
                                                        {.smoothing = static_cast<float>(smoothing),
                                                         .scale = static_cast<float>(scale),
                                                         .precision = context.precision},
                                                        context);
  return {result.loss, result.sums.loss, result.sums.plain_loss};
}

double mean_loss(const Generator& model, const ExampleSource& source, const BatchConfig& batches,
                 MatmulPrecision precision) {
  const NoGradientScope no_gradients;
  ops::CrossEntropyOptions options;
  options.precision = precision;
  double loss = 0;
  std::int64_t tokens = 0;
  for_each_batch(source, batches, [&](const PairBatch& batch) {
    ForwardContext context;
    context.precision = precision;
    const ops::CrossEntropyResult result =
        generator_loss(model, batch.examples.prompts, batch.examples.outputs, options, context);
    loss += result.sums.plain_loss;
    tokens += result.sums.count;
  });
  return loss / static_cast<double>(tokens);
}

}  // namespace heed
