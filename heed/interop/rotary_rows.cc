#include "heed/interop/rotary_rows.h"

#include "heed/base/error.h"

namespace heed {

Tensor rows_in_halves(const Tensor& interleaved, std::int64_t head_size) {
  check_data(interleaved.rank() == 2 && head_size > 0 && head_size % 2 == 0 &&
                 interleaved.size(0) % head_size == 0,
             "shape {}, expected rows of whole heads of {} components in pairs",
             interleaved.shape(), head_size);
  const Tensor result =
      Tensor::empty(interleaved.shape(), interleaved.dtype(), interleaved.device());
  const std::int64_t half = head_size / 2;
  for (std::int64_t head = 0; head < interleaved.size(0); head += head_size) {
    for (std::int64_t j = 0; j < half; ++j) {
      const auto move = [&](std::int64_t to, std::int64_t from) {
        result.rows(head + to, head + to + 1)
            .copy_from(interleaved.rows(head + from, head + from + 1));
      };
      move(j, 2 * j);
      move(half + j, 2 * j + 1);
    }
  }
  return result;
}

}  // namespace heed
