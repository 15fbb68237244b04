// Stored tensors to ours and back. Plain functions: threads may call them at once.
#pragma once

#include <vector>

#include "heed/interop/model_family.h"
#include "heed/tensor/tensor.h"

namespace heed {

// Of the tensor that is stored at `place` the one of ours. Errors (bad_data): a number of axes or
// rows that the place does not allow.
Tensor read_from_place(const Tensor& stored, const Place& place);

// The tensor to be stored at a place, from all that have a part in it, in the order of the parts.
// Rows that are skipped become zeros.
Tensor laid_out(const std::vector<Tensor>& parts, const Place& place);

}  // namespace heed
