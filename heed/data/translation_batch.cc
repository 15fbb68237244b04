#include "heed/data/translation_batch.h"

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

SequenceMarks marks_of(const TokenizerPair& tokenizers) {
  return {tokenizers.source->end_id(), tokenizers.target->end_id(), tokenizers.target->pad_id()};
}

std::vector<PairLength> pair_lengths(const TokenStore& store) {
  std::vector<PairLength> lengths(static_cast<std::size_t>(store.size()));
  for (std::int64_t i = 0; i < store.size(); ++i) {
    lengths[static_cast<std::size_t>(i)] = {static_cast<std::int32_t>(store.source(i).size()) + 1,
                                            static_cast<std::int32_t>(store.target(i).size()) + 1};
  }
  return lengths;
}

BatchSampler::BatchSampler(const TokenizerPair& tokenizers, double rate, std::int64_t longest,
                           std::uint64_t seed)
    : source_(*tokenizers.source),
      target_(*tokenizers.target),
      rate_(rate),
      longest_(longest),
      seed_(seed) {}

std::vector<std::int32_t> BatchSampler::source(std::span<const std::int32_t> ids,
                                               std::int64_t example, std::int64_t epoch) const {
  return sample(source_, ids, stream_of(example, epoch, 0));
}

std::vector<std::int32_t> BatchSampler::target(std::span<const std::int32_t> ids,
                                               std::int64_t example, std::int64_t epoch) const {
  return sample(target_, ids, stream_of(example, epoch, 1));
}

std::vector<std::int32_t> BatchSampler::sample(const SubwordDropout& side,
                                               std::span<const std::int32_t> ids,
                                               std::uint64_t stream) const {
  Random random(seed_, stream);
  std::vector<std::int32_t> sampled = side.sample(ids, rate_, random);
  if (static_cast<std::int64_t>(sampled.size()) >= longest_) {
    sampled.assign(ids.begin(), ids.end());
  }
  return sampled;
}

TranslationBatch make_batch(const TokenStore& store, std::span<const std::uint32_t> examples,
                            const SequenceMarks& marks, const BatchSampler* sampler,
                            std::int64_t epoch) {
  TranslationBatch batch;
  const auto append = [](std::vector<std::int32_t>& ids, std::span<const std::int32_t> more) {
    ids.insert(ids.end(), more.begin(), more.end());
  };
  for (const std::uint32_t example : examples) {
    std::vector<std::int32_t> source_sample, target_sample;
    auto source = store.source(example);
    auto target = store.target(example);
    if (sampler != nullptr) {
      source = source_sample = sampler->source(source, example, epoch);
      target = target_sample = sampler->target(target, example, epoch);
    }
    append(batch.source_ids, source);
    batch.source_ids.push_back(marks.source_end);
    batch.source_offsets.push_back(static_cast<std::int32_t>(batch.source_ids.size()));
    batch.target_input_ids.push_back(marks.decoder_start);
    append(batch.target_input_ids, target);
    append(batch.target_output_ids, target);
    batch.target_output_ids.push_back(marks.target_end);
    batch.target_offsets.push_back(static_cast<std::int32_t>(batch.target_output_ids.size()));
    batch.example_indices.push_back(example);
  }
  return batch;
}

}  // namespace heed
