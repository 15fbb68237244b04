// The header of a safetensors file: JSON that names each tensor, its type, its shape and where its
// bytes lie. Format: https://github.com/huggingface/safetensors
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "heed/tensor/dtype.h"
#include "heed/tensor/shape.h"

namespace heed {

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::float32;
  Shape shape;
  std::uint64_t begin = 0;  // bytes after the header
  std::uint64_t end = 0;
};

using SafetensorsMetadata = std::map<std::string, std::string>;

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the order of their bytes
  SafetensorsMetadata metadata;
};

// What a header may not exceed; the first limit is the reference implementation's.
inline constexpr std::uint64_t safetensors_header_limit = 100'000'000;  // bytes
inline constexpr std::size_t safetensors_tensor_limit = 200'000;
inline constexpr std::size_t safetensors_name_limit = 1024;  // bytes

// Parses a header that describes `data_bytes` bytes of tensors. Everything is checked before it is
// believed: UTF-8, JSON, duplicate names, the metadata's strings, types, shapes whose products
// overflow, offsets that do not fit type and shape, overlap, leave holes or miss the end. Errors
// (bad_data) name `source` and the tensor.
SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes,
                                           const std::string& source);

// The header as text, padded with spaces to a multiple of 8 bytes. Same header, same bytes.
std::string safetensors_header_text(const SafetensorsHeader& header);

}  // namespace heed
