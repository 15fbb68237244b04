// Products of few rows with a weight as it is stored, [n, k].
//
// A weight is read once for few rows, and a tile wants it packed: to read it, to take as much fresh
// memory and to write that costs more than some products. Here squares of it are transposed in
// registers on the way.
//
// Where a row has the same bits whatever m (AVX-512), it has them here, too: sums are formed in the
// order of oneDNN's tiles. That order is nowhere promised, so it is compared once for each depth,
// and where it differs, nothing is formed here.
#pragma once

#include "heed/backends/cpu/matmul_block.h"

namespace heed::cpu {

// Whether run_stored_rows() takes the product: few rows, float32, a weight that is not packed and
// not worth it.
bool takes_stored_rows(const Product& p);
void run_stored_rows(ExecutionContext& context, const Product& p);

}  // namespace heed::cpu
