#include "heed/backends/cpu/matmul/column_sums.h"

#include <algorithm>
#include <vector>

#include "heed/backends/cpu/matmul/block.h"

namespace heed::cpu {

void run_column_sums(ExecutionContext& context, ConstView x, bool accumulate, View sums) {
  const std::int64_t rows = x.rows();
  const std::int64_t columns = x.columns();
  if (sums.element_count() != columns) {
    fail(ErrorKind::usage, "column_sums: sums {} for {}", sums.shape, x.shape);
  }
  if (columns == 0) {
    return;
  }
  float* out = sums.as<float>();
  if (rows == 0) {
    if (!accumulate) {
      std::fill(out, out + columns, 0.0f);
    }
    return;
  }
  constexpr std::int64_t grain = 128;
  const std::int64_t tiles = (rows + grain - 1) / grain;
  const Storage memory(static_cast<std::size_t>(tiles * columns) * sizeof(float));
  auto* partial = reinterpret_cast<float*>(memory.data());
  const float* data = x.as<float>();
  const std::int64_t stride = x.row_stride();
  run_in_pool(context, tiles, [&](std::int64_t tile) {
    sum_rows(data + tile * grain * stride, stride, std::min(grain, rows - tile * grain), columns,
             partial + tile * columns);
  });
  std::vector<float> total(static_cast<std::size_t>(columns));
  sum_rows(partial, columns, tiles, columns, total.data());
  store_tile({.product = total.data(),
              .product_stride = columns,
              .c = out,
              .c_stride = columns,
              .rows = 1,
              .columns = columns,
              .accumulate = accumulate});
}

}  // namespace heed::cpu
