#include "heed/data/translation_batch.h"

#include "heed/base/error.h"

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

std::vector<PairLength> pair_lengths(const TokenStore& store) {
  std::vector<PairLength> lengths(static_cast<std::size_t>(store.size()));
  for (std::int64_t i = 0; i < store.size(); ++i) {
    const auto source = static_cast<std::int32_t>(store.source(i).size());
    const auto target = static_cast<std::int32_t>(store.target(i).size());
    lengths[static_cast<std::size_t>(i)] =
        source == 0 ? PairLength{0, target - 1} : PairLength{source + 1, target + 1};
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

namespace {

void append(std::vector<std::int32_t>& ids, std::span<const std::int32_t> more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

void append_pair(TranslationBatch& batch, std::span<const std::int32_t> source,
                 std::span<const std::int32_t> target, const TextSymbols& symbols) {
  append(batch.source_ids, source);
  batch.source_ids.push_back(symbols.source_end);
  batch.target_input_ids.push_back(symbols.start);
  append(batch.target_input_ids, target);
  append(batch.target_output_ids, target);
  batch.target_output_ids.push_back(symbols.end);
}

void append_window(TranslationBatch& batch, std::span<const std::int32_t> tokens) {
  check(tokens.size() >= 2, "batch: a window of {} tokens", tokens.size());
  append(batch.target_input_ids, tokens.first(tokens.size() - 1));
  append(batch.target_output_ids, tokens.subspan(1));
}

}  // namespace

TranslationBatch make_batch(const TokenStore& store, std::span<const std::uint32_t> examples,
                            const TextSymbols& symbols, const BatchSampler* sampler,
                            std::int64_t epoch) {
  TranslationBatch batch;
  for (const std::uint32_t example : examples) {
    const auto source = store.source(example), target = store.target(example);
    if (source.empty()) {
      append_window(batch, target);
    } else if (sampler == nullptr) {
      append_pair(batch, source, target, symbols);
    } else {
      append_pair(batch, sampler->source(source, example, epoch),
                  sampler->target(target, example, epoch), symbols);
    }
    batch.source_offsets.push_back(static_cast<std::int32_t>(batch.source_ids.size()));
    batch.target_offsets.push_back(static_cast<std::int32_t>(batch.target_output_ids.size()));
    batch.example_indices.push_back(example);
  }
  return batch;
}

}  // namespace heed
