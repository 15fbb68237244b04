#include "heed/ops/rotary.h"

#include "heed/ops/index.h"

namespace heed::ops {

Tensor rotate(const Tensor& x, const Tensor& row_positions, const Tensor& cosines,
              const Tensor& sines, int heads, RotaryLayout layout) {
  check(x.rank() == 2 && row_positions.rank() == 1 && row_positions.size(0) == x.size(0),
        "rotate: x {} and positions {}: expected [rows, heads · size] and [rows]", x.shape(),
        row_positions.shape());
  const Tensor positions = placed(row_positions, x.device());
  const auto rotation = [=](const ConstView& from, bool inverse, const View& to) {
    return Rotation{.x = from,
                    .positions = positions,
                    .cosines = cosines,
                    .sines = sines,
                    .heads = heads,
                    .layout = layout,
                    .inverse = inverse,
                    .y = to};
  };
  ExecutionContext context = context_for(x.device());
  const Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  heed::rotate(context, rotation(x, false, y));
  return record("rotate", y, {x}, [rotation, slot = gradient_slot(x)](const Tensor& dy) {
    ExecutionContext context = context_for(dy.device());
    const auto [target, accumulate] = slot.target();
    if (!accumulate) {
      heed::rotate(context, rotation(dy, true, target));
      return;
    }
    const Tensor dx = Tensor::empty(dy.shape(), dy.dtype(), dy.device());
    heed::rotate(context, rotation(dy, true, dx));
    slot.give(dx);
  });
}

}  // namespace heed::ops
