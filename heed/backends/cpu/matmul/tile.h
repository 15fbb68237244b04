// The inner kernel of matrix products: oneDNN's matmul on packed operands, single-threaded.
//
// A tile is c[m, n] (+)= a[m, k] · b[k, n] (+ bias) with every operand dense: `a` a row block, `b`
// column panels (pack.h), `c` rows of n floats; n a multiple of 64 and k of 32, so that
// oneDNN never pads and its AVX-512 kernels (brgemm) always apply. There a row of c has the same
// bits whatever m. Without AVX-512 the panels go one by one through oneDNN's gemm.
//
// In int8 `a` holds unsigned, `b` signed bytes and c their sums as int32 (run_integer_tile); only
// where tiles_take_bytes().
//
// Primitives cost 0.2 ms to create and are kept by shape, at most `tile_primitive_limit`: callers
// should ask for few shapes (see tile_row_pieces). Any number of threads may run tiles at once.
#pragma once

#include <cstdint>
#include <string>

#include "heed/backends/cpu/matmul/pack.h"
#include "heed/kernels/matmul.h"

namespace heed::cpu {

inline constexpr std::size_t tile_primitive_limit = 2048;

// How operands must be packed on this machine.
PackedType packed_type_for(MatmulPrecision precision);

struct TileShape {
  std::int64_t m = 0, n = 0, k = 0;
  PackedType type = PackedType::float32;
  bool accumulate = false;
  bool bias = false;  // bias of n floats

  friend bool operator==(const TileShape&, const TileShape&) = default;
};

void run_tile(const TileShape& shape, const void* a, const void* b, const float* bias, float* c);
void run_integer_tile(const TileShape& shape, const std::uint8_t* a, const std::int8_t* b,
                      std::int32_t* c);

// The largest height that is run in one go when `rows` rows are left: multiples of 16, then the
// rest, so that only some twenty heights occur whatever the number of tokens in a batch.
inline std::int64_t tile_row_piece(std::int64_t rows) {
  return rows >= 16 ? rows / 16 * 16 : rows;
}

// What oneDNN picked for a shape, for instance "brg:avx512_core".
std::string tile_implementation(const TileShape& shape);
// Whether tiles of this type run on AVX-512 kernels, whose bits do not depend on m.
bool tiles_use_avx512(PackedType type);
// Whether there are products of bytes (AVX-512 VNNI).
bool tiles_take_bytes();

}  // namespace heed::cpu
