// Sums of bytes for few rows, without what it costs to run a tile: a weight that lies in the caches
// is read as fast as that.
#pragma once

#include <cstdint>

namespace heed::cpu {

// Whether this processor has the instructions (AVX-512 VNNI).
bool sums_integer_rows();

// sums[rows, columns] = a · b as run_integer_tile() forms them, to the same bits: `a` rows of
// `depth` unsigned bytes, b column panels of signed ones; columns a multiple of 64, depth of 16.
// Only where sums_integer_rows().
void sum_integer_rows(const std::uint8_t* a, std::int64_t rows, const std::int8_t* b,
                      std::int64_t columns, std::int64_t depth, std::int32_t* sums);

}  // namespace heed::cpu
