// Memory that a thread keeps from tile to tile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heed::cpu {

enum class ScratchUse { row_block, column_panels, result, bias };

// At least `bytes`, aligned for vectors; what was in it for this use may be gone.
std::byte* scratch(ScratchUse use, std::int64_t bytes);

}  // namespace heed::cpu
