// A hash of a name that is the same in every program and on every machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace heed {

// FNV-1a, 64 bits (Fowler, Noll & Vo; RFC 9923).
constexpr std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return hash;
}

}  // namespace heed
