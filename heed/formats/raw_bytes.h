// Numbers as the bytes of a little-endian machine, which the file formats want.
#pragma once

#include <bit>
#include <string>
#include <type_traits>

namespace heed {

static_assert(std::endian::native == std::endian::little);

template <typename T>
requires std::is_arithmetic_v<T>
void append_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace heed
