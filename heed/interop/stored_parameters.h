// The parameters of a module as map_tensors() takes them.
#pragma once

#include <vector>

#include "heed/formats/load_tensors.h"
#include "heed/kernels/matmul.h"
#include "heed/nn/module.h"

namespace heed {

// Each parameter with its parts, under our own names. To run in bfloat16 or int8 and no more,
// operands of products in float32 (Parameter::operand) are to become bfloat16, or integers
// (quantize_rows) as products of int8 would round them. Threads may call it at once, each with a
// module of its own.
std::vector<StoredTensor> stored_parameters_of(Module& module,
                                               MatmulPrecision running = MatmulPrecision::float32);

}  // namespace heed
