// No positions: the model sees a bag of tokens.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

class NoPositions : public PositionEncoding {};

}  // namespace heed
