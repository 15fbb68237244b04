#include "heed/ops/bias_table.h"

#include "heed/kernels/elementwise.h"
#include "heed/ops/embedding.h"
#include "heed/ops/linear.h"

namespace heed::ops {

namespace {

Tensor identity(std::int64_t size, const Tensor& like) {
  const Tensor result = Tensor::zeros({size, size}, like.dtype(), like.device());
  for (std::int64_t i = 0; i < size; ++i) {
    result.rows(i, i + 1).columns(i, i + 1).fill(1);
  }
  return result;
}

// The same memory in another shape.
Tensor reshaped(const Tensor& x, const Shape& shape) {
  return record("reshape", x.reshape(shape), {x},
                [slot = gradient_slot(x), before = x.shape()](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  const auto [target, accumulate] = slot.target();
                  scale_add(context, dy.reshape(before), 1, accumulate ? 1 : 0, target);
                });
}

}  // namespace

Tensor spread_biases(const Tensor& table, const Tensor& ids, const Shape& shape) {
  check(table.rank() == 2 && ids.rank() == 1 && shape.rank() > 0 && shape[0] == table.size(1) &&
            shape.element_count() == table.size(1) * ids.size(0),
        "spread_biases: table {} over {} places does not give {}", table.shape(), ids.shape(),
        shape);
  const Tensor rows = embed(ids, table, 1, Tensor(), Tensor());  // [places, heads]
  // I·rowsᵀ: a product with the identity is exact, and transposes.
  return reshaped(linear(identity(table.size(1), table), rows, Tensor()), shape);
}

}  // namespace heed::ops
