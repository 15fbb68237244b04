// Some of the heads of a model.
// Thread-safety: plain data.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace heed {

// Heads, counted from 0 and ascending, by the name of their attention (AttentionPlace::name()).
using HeadSet = std::map<std::string, std::vector<int>>;

}  // namespace heed
