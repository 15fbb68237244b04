#include "heed/data/translation_batch.h"

namespace heed {

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

TranslationBatch make_batch(const TokenStore& store, std::span<const std::uint32_t> examples,
                            const SequenceMarks& marks) {
  TranslationBatch batch;
  const auto append = [](std::vector<std::int32_t>& ids, std::span<const std::int32_t> more) {
    ids.insert(ids.end(), more.begin(), more.end());
  };
  for (const std::uint32_t example : examples) {
    const auto target = store.target(example);
    append(batch.source_ids, store.source(example));
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
