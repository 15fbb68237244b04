// Tensors over mapped files, and names from outside in messages.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "heed/base/files.h"
#include "heed/tensor/tensor.h"

namespace heed {

// The number of bytes of a tensor, or nothing when the element count (zero-size axes counted as 1,
// as Shape does), or the bytes, overflow.
std::optional<std::uint64_t> checked_byte_count(std::span<const std::uint64_t> sizes, DType dtype);

// A name from outside for a one-line message: quoted, control characters escaped, shortened. The
// text is made when the message is, which it mostly is not; the name must live until then.
struct QuotedName {
  std::string_view name;
  std::string text() const;
};
inline QuotedName quoted_name(std::string_view name) {
  return {name};
}

// Where a tensor comes from, for messages: a file, or one of the tensors in it.
struct TensorOrigin {
  const std::filesystem::path& file;
  std::string_view name = {};
  std::string text() const;
};

// A tensor over `byte_offset` of the mapping, which stays alive as long as the tensor does: nothing
// is copied unless the data is misaligned for its type. What is written to it does not reach the
// file. Errors (bad_data, prefixed with `source`): a bool that is neither 0 nor 1.
Tensor tensor_over_mapping(const std::shared_ptr<const MappedFile>& file, std::uint64_t byte_offset,
                           const Shape& shape, DType dtype, Device device,
                           const TensorOrigin& source);

}  // namespace heed
