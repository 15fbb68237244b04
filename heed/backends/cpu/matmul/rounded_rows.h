// Sums of few rows in bfloat16 with the panels of a packed weight, where the processor multiplies
// pairs of bfloat16 (AVX-512 BF16). For products that wait for the weight to be read.
//
// Thread-safety: plain functions of their arguments.
#pragma once

#include <cstdint>

#include "heed/tensor/dtype.h"

namespace heed::cpu {

bool sums_rounded_rows();

// sums[rows, 64] = a[rows, depth] · panel[depth / 2][64][2], a sum being that of pieces of the
// depth, each a chain of products of pairs. rows is at most 6; depth and piece are multiples of 32.
void sum_rounded_rows(const BFloat16* a, std::int64_t rows, std::int64_t depth, std::int64_t piece,
                      const BFloat16* panel, float* sums);

}  // namespace heed::cpu
