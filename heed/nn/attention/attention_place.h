// Which attention of a model.
// Thread-safety: plain data.
#pragma once

#include <string>

namespace heed {

struct AttentionPlace {
  std::string stack = "encoder";
  int layer = 0;       // of its stack, from 0
  bool cross = false;  // to another stack's output

  // "encoder.0.self", "decoder.3.cross".
  std::string name() const {
    return stack + "." + std::to_string(layer) + (cross ? ".cross" : ".self");
  }
};

}  // namespace heed
