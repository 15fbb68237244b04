// The kernel behind column_sums (kernels/matmul.h).
#pragma once

#include "heed/kernels/matmul.h"

namespace heed::cpu {

void run_column_sums(ExecutionContext& context, ConstView x, bool accumulate, View sums);

}  // namespace heed::cpu
