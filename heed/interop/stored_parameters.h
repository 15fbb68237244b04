// The parameters of a module as map_tensors() takes them.
#pragma once

#include <vector>

#include "heed/formats/load_tensors.h"
#include "heed/nn/module.h"

namespace heed {

// Each parameter with its parts, under our own names; with `rounded`, operands of float32 are to
// become bfloat16. Threads may call it at once, each with a module of its own.
std::vector<StoredTensor> stored_parameters_of(Module& module, bool rounded = false);

}  // namespace heed
