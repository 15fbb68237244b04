#include "heed/formats/mapped_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "heed/base/error.h"
#include "heed/base/json.h"

namespace heed {

std::optional<std::uint64_t> checked_byte_count(std::span<const std::uint64_t> sizes, DType dtype) {
  std::int64_t bound = static_cast<std::int64_t>(element_size(dtype));
  bool empty = false;
  for (const std::uint64_t size : sizes) {
    empty = empty || size == 0;
    if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ||
        __builtin_mul_overflow(bound, std::max<std::int64_t>(static_cast<std::int64_t>(size), 1),
                               &bound)) {
      return std::nullopt;
    }
  }
  return empty ? 0 : static_cast<std::uint64_t>(bound);
}

Tensor tensor_over_mapping(const std::shared_ptr<const MappedFile>& file, std::uint64_t byte_offset,
                           const Shape& shape, DType dtype, Device device,
                           const TensorOrigin& source) {
  const std::span<const std::byte> all = file->bytes();
  const std::uint64_t byte_count =
      static_cast<std::uint64_t>(shape.element_count()) * element_size(dtype);
  check_data(byte_offset <= all.size() && byte_count <= all.size() - byte_offset,
             "{}: its data lies outside the file", source);
  const std::span<const std::byte> bytes = all.subspan(byte_offset, byte_count);
  if (dtype == DType::boolean) {
    // Any other value in a C++ bool is undefined behaviour.
    const auto wrong = std::find_if(bytes.begin(), bytes.end(),
                                    [](std::byte value) { return value > std::byte{1}; });
    check_data(wrong == bytes.end(), "{}: element {} of a bool tensor is neither 0 nor 1", source,
               wrong - bytes.begin());
  }
  std::shared_ptr<Storage> storage;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % element_size(dtype) == 0) {
    storage = std::make_shared<Storage>(const_cast<std::byte*>(bytes.data()), bytes.size(), file);
  } else {
    storage = std::make_shared<Storage>(bytes.size());
    std::memcpy(storage->data(), bytes.data(), bytes.size());
  }
  storage->renew_stamp();
  return Tensor::over(std::move(storage), 0, shape, dtype, device);
}

std::string TensorOrigin::text() const {
  return name.empty() ? file.string()
                      : fmt::format("{}: tensor {}", file.string(), quoted_name(name).text());
}

std::string QuotedName::text() const {
  constexpr std::size_t limit = 120;
  const bool shortened = name.size() > limit;
  const std::string text =
      shortened ? std::string(name.substr(0, limit)) + "..." : std::string(name);
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace heed
