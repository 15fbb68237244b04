#include "heed/nn/position/position_encoding.h"

#include "heed/nn/position/learned.h"
#include "heed/nn/position/none.h"
#include "heed/nn/position/sinusoidal.h"

namespace heed {

std::unique_ptr<PositionEncoding> make_position_encoding(const PositionConfig& config,
                                                         std::int64_t size, std::int64_t longest,
                                                         Device device) {
  if (config.kind == "none") {
    return std::make_unique<NoPositions>();
  }
  if (config.kind == "sinusoidal") {
    return std::make_unique<SinusoidalPositions>(size, sinusoidal_layout(config.layout), device);
  }
  if (config.kind == "learned") {
    return std::make_unique<LearnedPositions>(size, longest, device);
  }
  fail(ErrorKind::usage, "position.kind '{}': expected none, sinusoidal or learned", config.kind);
}

}  // namespace heed
