#include "heed/ops/bias_table.h"

#include "heed/ops/linear.h"
#include "heed/ops/rows.h"

namespace heed::ops {

namespace {

Tensor identity(std::int64_t size, const Tensor& like) {
  const Tensor result = Tensor::zeros({size, size}, like.dtype(), like.device());
  for (std::int64_t i = 0; i < size; ++i) {
    result.rows(i, i + 1).columns(i, i + 1).fill(1);
  }
  return result;
}

}  // namespace

Tensor spread_biases(const Tensor& table, const Tensor& ids, const Shape& shape) {
  check(table.rank() == 2 && ids.rank() == 1 && shape.rank() > 0 && shape[0] == table.size(1) &&
            shape.element_count() == table.size(1) * ids.size(0),
        "spread_biases: table {} over {} places does not give {}", table.shape(), ids.shape(),
        shape);
  const Tensor rows = gather_rows(table, ids);  // [places, heads]
  // I·rowsᵀ: a product with the identity is exact, and transposes.
  return reshape(linear(identity(table.size(1), table), rows, Tensor()), shape);
}

}  // namespace heed::ops
