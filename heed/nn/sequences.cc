#include "heed/nn/sequences.h"
#include "heed/base/error.h"

#include <algorithm>

namespace heed {

std::int64_t Sequences::longest() const {
  std::int64_t result = 0;
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    result = std::max<std::int64_t>(result, offsets[i] - offsets[i - 1]);
  }
  return result;
}

Sequences make_sequences(std::span<const std::int32_t> lengths,
                         std::span<const std::int64_t> examples) {
  check(examples.empty() || examples.size() == lengths.size(),
        "sequences: {} examples named, {} lengths given", examples.size(), lengths.size());
  Sequences result;
  std::vector<std::int32_t> positions;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    check(lengths[i] >= 0, "sequences: length {} of sequence {}", lengths[i], i);
    const auto example =
        static_cast<std::uint64_t>(examples.empty() ? static_cast<std::int64_t>(i) : examples[i]);
    for (std::int32_t position = 0; position < lengths[i]; ++position) {
      positions.push_back(position);
      result.row_keys.push_back(example << 32 | static_cast<std::uint32_t>(position));
    }
    result.offsets.push_back(result.offsets.back() + lengths[i]);
    result.sequence_keys.push_back(example << 32);
  }
  result.positions = Tensor::from_values<std::int32_t>(
      std::span<const std::int32_t>(positions), {static_cast<std::int64_t>(positions.size())});
  return result;
}

Sequences make_sequences_from_offsets(std::span<const std::int32_t> offsets,
                                      std::span<const std::int64_t> examples) {
  check(!offsets.empty() && offsets[0] == 0, "sequences: offsets must start with 0");
  std::vector<std::int32_t> lengths;
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    lengths.push_back(offsets[i] - offsets[i - 1]);
  }
  return make_sequences(lengths, examples);
}

}  // namespace heed
