// The loss over rows of logits or over the tokens of sequences, with its gradient in place.
#pragma once

#include "heed/kernels/softmax.h"

namespace heed::cpu {

void map_logits(ExecutionContext& context, ConstView x, const LogitMap& map, View y);
void map_logits_backward(ExecutionContext& context, ConstView y, ConstView dy, const LogitMap& map,
                         View dx);
void cross_entropy(ExecutionContext& context, const CrossEntropy& p, CrossEntropySums& sums);
void sequence_cross_entropy(ExecutionContext& context, const SequenceCrossEntropy& p,
                            CrossEntropySums& sums);

}  // namespace heed::cpu
