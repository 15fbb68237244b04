#include "heed/kernels/rotary.h"

#include "heed/backends/reference/families.h"
#include "heed/backends/reference/matrix.h"

namespace heed::reference {

namespace {

void rotate(ExecutionContext&, const Rotation& p) {
  check_rotation(p);
  const std::int64_t size = p.x.columns() / p.heads;
  const std::int64_t pairs = p.cosines.columns();
  const bool halves = p.layout == RotaryLayout::halves;
  for_floating_type("rotate", p.x.dtype, [&](auto type) {
    using T = decltype(type);
    for (std::int64_t r = 0; r < p.x.rows(); ++r) {
      const std::int32_t position = p.positions.as<std::int32_t>()[r];
      const T* cosine = matrix<T>(p.cosines)[position];
      const T* sine = matrix<T>(p.sines)[position];
      for (std::int64_t head = 0; head < p.heads; ++head) {
        const T* x = matrix<T>(p.x)[r] + head * size;
        T* y = matrix<T>(p.y)[r] + head * size;
        for (std::int64_t j = 0; j < pairs; ++j) {
          const std::int64_t first = halves ? j : 2 * j;
          const std::int64_t second = halves ? j + pairs : 2 * j + 1;
          const T s = p.inverse ? -sine[j] : sine[j];
          const T x1 = x[first];
          const T x2 = x[second];
          y[first] = cosine[j] * x1 - s * x2;
          y[second] = s * x1 + cosine[j] * x2;
        }
        for (std::int64_t c = 2 * pairs; c < size; ++c) {
          y[c] = x[c];
        }
      }
    }
  });
}

}  // namespace

void register_rotary() {
  heed::rotate.fill(DeviceKind::reference, &rotate);
}

}  // namespace heed::reference
