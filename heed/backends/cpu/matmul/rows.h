// Products of few rows with a weight, which wait for the weight to be read.
//
// A weight that is seen for the first times is read as it is stored, [n, k]: to pack it, to take as
// much fresh memory and to write that costs more than some products. Squares of it are transposed
// in registers on the way. One that comes again and again is packed, and its panels are read in the
// order in which they lie, as fast as the memory gives them.
//
// In bfloat16 a weight is packed at once, and its panels are read by products of pairs
// (rounded_rows.h), or widened in registers where products of float32 are faster.
//
// Where a row has the same bits whatever m (AVX-512), it has them here, too: sums are formed in the
// order of oneDNN's tiles. That order is nowhere promised, so it is compared once for each depth,
// and where it differs, nothing is formed here.
#pragma once

#include "heed/backends/cpu/matmul/block.h"

namespace heed::cpu {

// Whether run_few_rows() takes the product: few rows, in float32 or bfloat16.
bool takes_few_rows(const Product& p);
void run_few_rows(ExecutionContext& context, const Product& p);

}  // namespace heed::cpu
