#include "heed/ops/rotary.h"

namespace heed::ops {

Tensor rotate(const Tensor& x, const Tensor& positions, const Tensor& cosines, const Tensor& sines,
              int heads, RotaryLayout layout) {
  check(x.rank() == 2 && positions.rank() == 1 && positions.size(0) == x.size(0),
        "rotate: x {} and positions {}: expected [rows, heads · size] and [rows]", x.shape(),
        positions.shape());
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
