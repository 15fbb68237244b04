#include "heed/kernels/softmax.h"

#include "heed/kernels/operands.h"

namespace heed {

void check_sequences(const char* kernel, const ConstView& x,
                     std::span<const std::int32_t> offsets) {
  const std::int64_t rows = check_offsets(kernel, "offsets", offsets);
  check(rows == x.rows(), "{}: the sequences have {} rows, x has shape {}", kernel, rows, x.shape);
}

void check_sequence_targets(const SequenceCrossEntropy& call) {
  constexpr const char* name = "sequence_cross_entropy";
  check_sequences(name, call.scores, call.offsets);
  const std::int64_t columns = call.scores.columns();
  const auto sequences = static_cast<std::int64_t>(call.offsets.size()) - 1;
  check_matrix(name, "targets", call.targets, sequences, columns);
  for (std::int64_t s = 0; s < sequences; ++s) {
    const auto at = static_cast<std::size_t>(s);
    const std::int32_t length = call.offsets[at + 1] - call.offsets[at];
    const std::int32_t* targets = call.targets.as<std::int32_t>() + s * call.targets.row_stride();
    for (std::int64_t c = 0; c < columns; ++c) {
      check(targets[c] == call.ignore_id || (targets[c] >= 0 && targets[c] < length),
            "{}: target {} of sequence {}, which has {} tokens", name, targets[c], s, length);
    }
  }
}

}  // namespace heed
