// Small files of a model directory, as they are before they are written or after they were read.
#pragma once

#include <map>
#include <string>

namespace heed {

// Name to content.
using ModelFiles = std::map<std::string, std::string>;

}  // namespace heed
