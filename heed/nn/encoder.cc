#include "heed/nn/encoder.h"

#include "heed/base/error.h"
#include "heed/ops/rows.h"

namespace heed {

namespace {

// The first row of each sequence, or its last.
Tensor rows_at(const Encoder::States& states, bool last) {
  const std::vector<std::int32_t>& offsets = states.rows.offsets;
  std::vector<std::int32_t> rows;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    check_data(offsets[s] < offsets[s + 1], "sequence {} has no tokens", s);
    rows.push_back(last ? offsets[s + 1] - 1 : offsets[s]);
  }
  return ops::gather_rows(states.values, Tensor::from_values<std::int32_t>(
                                             rows, {static_cast<std::int64_t>(rows.size())}));
}

}  // namespace

Tensor first_rows(const Encoder::States& states) {
  return rows_at(states, false);
}

Tensor last_rows(const Encoder::States& states) {
  return rows_at(states, true);
}

Tensor Encoder::summary(const States& states, ForwardContext&) const {
  return first_rows(states);
}

}  // namespace heed
