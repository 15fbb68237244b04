// Products with weights in 8-bit integers (MatmulPrecision::int8).
//
// A weight is quantized and packed once; the rows of `a` at each call. Sums of integers are exact,
// so c has the same bits however the work is cut. Machines without products of bytes form them in
// float32 from the same integers, exact up to sums of 2^24.
#pragma once

#include "heed/backends/cpu/matmul/block.h"

namespace heed::cpu {

// p.b is a weight as quantizes() asks for.
// Fills quantize_rows.
void register_int8();

void run_int8(ExecutionContext& context, const Product& p);

}  // namespace heed::cpu
