// CRC32C, the Castagnoli cyclic redundancy check (RFC 3720, appendix B.4): polynomial 0x1EDC6F41
// reflected, initial value and final exclusive-or all ones.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace heed {

// The checksum of `data`. Pieces chain: crc32c(b, crc32c(a)) is the checksum of a followed by b.
// Uses the SSE4.2 instruction where the machine has it (at about the speed of memory), else tables.
std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t previous = 0);
std::uint32_t crc32c(std::string_view text, std::uint32_t previous = 0);

// The same by tables alone, on any machine.
std::uint32_t crc32c_portable(std::span<const std::byte> data, std::uint32_t previous = 0);

// Eight lower-case hexadecimal digits, as checksums are written in files and messages.
std::string checksum_text(std::uint32_t checksum);

}  // namespace heed
