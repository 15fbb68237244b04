// The tensors of a module in the files of a family: found, checked and read, or laid out to be
// written. Threads may call these at once, each with a module of its own.
#pragma once

#include <vector>

#include "heed/base/thread_pool.h"
#include "heed/formats/tensor_source.h"
#include "heed/interop/model_family.h"
#include "heed/kernels/matmul.h"
#include "heed/nn/module.h"

namespace heed {

// Fills every parameter of the module; in float32 and in order it comes to lie in the mapped file
// (map_tensors). Errors (bad_data) name the file, the tensor and what it is in the model: missing,
// misshapen, damaged, without a place in the model, or names of a tied tensor that differ. To run
// in bfloat16 or int8 alone, operands become constants of that type (stored_parameters.h).
void read_family_tensors(const ModelFamily& family, const TensorSource& file, Module& module,
                         ThreadPool& pool, MatmulPrecision running = MatmulPrecision::float32);

// Every tensor of the module as the family's files have it. Error (failure): a tensor that the
// family has no name for.
std::vector<NamedTensor> family_tensors(const ModelFamily& family, Module& module);

}  // namespace heed
