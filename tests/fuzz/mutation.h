// Damage that a parser notices late: small, and made of what stands in valid inputs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "heed/base/random.h"

namespace heed::fuzz {

// One of the inputs with a change or a few: flipped bits, changed bytes, pieces removed, repeated
// or taken from another input, numbers replaced by odd ones in binary or in decimal, a cut. At most
// `limit` bytes.
std::string mutated(const std::vector<std::string>& inputs, Random& random, std::size_t limit);

}  // namespace heed::fuzz
