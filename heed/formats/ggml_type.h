// The types of numbers in GGUF files: plain ones, and blocks of 32 small integers that share a
// scale. Layouts: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h.
//
// Thread-safety: plain functions of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "heed/tensor/dtype.h"

namespace heed {

// With the numbers that files have for them.
enum class GgmlType : std::uint32_t { f32 = 0, f16 = 1, q4_0 = 2, q4_1 = 3, q8_0 = 8, bf16 = 30 };

// Whether a type of a file is one of these.
bool is_known_ggml_type(std::uint32_t type);
// "Q4_K" of one that exists, known here or not; "type 77" of others.
std::string name_of_ggml_type(std::uint32_t type);
// "F32, F16, …": those that are known.
std::string known_ggml_types();

// Numbers of a block, and the bytes that it takes: 1 and their size for plain types.
struct GgmlBlock {
  std::int64_t numbers = 1;
  std::int64_t bytes = 4;
};
GgmlBlock block_of(GgmlType type);

// Whether the numbers are in blocks, and not plain ones.
inline bool is_in_blocks(GgmlType type) {
  return block_of(type).numbers > 1;
}
// Of a plain type.
DType plain_dtype_of(GgmlType type);

// The numbers of whole blocks. `bytes` holds as many blocks as `numbers` takes.
//   Q8_0: half d, int8 q[32]:            d·q
//   Q4_0: half d, 4-bit q[32]:           d·(q − 8)
//   Q4_1: half d, half m, 4-bit q[32]:   d·q + m
// Number j of the first 16 lies in the low half of byte j, number j + 16 in its high half.
void unpack_blocks(GgmlType type, std::span<const std::byte> bytes, std::span<float> numbers);

}  // namespace heed
