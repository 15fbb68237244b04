// Weights that a model which only runs keeps in integers.
#pragma once

#include "heed/formats/tensor_source.h"
#include "heed/nn/module.h"

namespace heed {

// Makes every operand of linear maps in float32 one in integers (quantize_rows), as products of
// int8 would round it, and gives the memory of the file that the weights came from back: what is
// still needed of it is read again. The module is the caller's alone, and none of it was written to
// since it was read.
void keep_integers(Module& module, const TensorSource& file);

}  // namespace heed
