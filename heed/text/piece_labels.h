// Pieces of text as labels of rows and columns.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/text/tokenizer.h"

namespace heed {

// The piece of each id; pieces for single bytes (<0x4A>) as their character where it has a shape,
// and byte-level pieces ("ĠÃ©") as what they spell ("▁é").
std::vector<std::string> piece_labels(const Tokenizer& tokenizer,
                                      std::span<const std::int32_t> ids);

}  // namespace heed
