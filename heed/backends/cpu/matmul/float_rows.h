// Products of few rows of float32 with a weight, in the order of sums of oneDNN's tiles (rows.h
// tells when). For all: p.b is transposed, the depth p.sizes.k one chunk and a multiple of
// depth_unit; c takes bias, ReLU and what it held.
//
// Thread-safety: plain functions of their arguments.
#pragma once

#include "heed/backends/cpu/matmul/block.h"

namespace heed::cpu {

// Rows at most: of a weight as it is stored; of a packed one, whose sums with a panel of it fit
// into the registers.
inline constexpr std::int64_t most_stored_rows = 16, most_panel_rows = 6;

// oneDNN cuts the depth into pieces of this size; a sum is that of the pieces, each a chain of
// fused multiply-adds.
std::int64_t depth_of_chains(std::int64_t k);

// Columns `begin` … `end` - 1, the weight read as it is stored.
void run_stored_columns(const Product& product, std::int64_t begin, std::int64_t end);

// The columns from `column` on that a panel of the packed weight holds; `type` is the panel's:
// float32, or bfloat16, which is widened in registers.
void run_panel(const Product& product, PackedType type, const void* panel, std::int64_t column);

// The same of sums[m][panel_columns] that were formed elsewhere.
void store_panel(const Product& product, const float* sums, std::int64_t column);

}  // namespace heed::cpu
