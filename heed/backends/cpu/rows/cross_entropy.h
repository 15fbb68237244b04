// The loss over rows of logits, with its gradient in place.
#pragma once

#include "heed/kernels/softmax.h"

namespace heed::cpu {

void cross_entropy(ExecutionContext& context, const CrossEntropy& p, CrossEntropySums& sums);

}  // namespace heed::cpu
