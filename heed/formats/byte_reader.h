// Reads numbers and strings, little-endian, from bytes that came from outside.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "heed/base/error.h"

namespace heed {

class ByteReader {
 public:
  // Both must live as long as what is read. Errors (bad_data) name `source` and the place.
  ByteReader(std::string_view bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  template <typename T>
  T read(const char* what) {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }

  // `count` bytes, over the memory that is read from.
  std::string_view take(std::uint64_t count, const char* what) {
    check_data(count <= left(), "{}: byte {}: {} takes {} bytes, where {} are left", source_,
               place_, what, count, left());
    const std::string_view bytes = bytes_.substr(place_, static_cast<std::size_t>(count));
    place_ += static_cast<std::size_t>(count);
    return bytes;
  }

  // Bytes from the beginning, and those that remain.
  std::size_t place() const { return place_; }
  std::uint64_t left() const { return bytes_.size() - place_; }
  const std::string& source() const { return source_; }

 private:
  std::string_view bytes_;
  const std::string& source_;
  std::size_t place_ = 0;
};

}  // namespace heed
