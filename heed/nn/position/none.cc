#include "heed/nn/position/none.h"

namespace heed {

PositionScheme none_scheme() {
  return {.kind = "none",
          .summary = "No positions",
          .any_length = true,
          .make = [](const PositionConfig&, const PositionScope&) {
            return std::make_unique<PositionEncoding>();
          }};
}

}  // namespace heed
