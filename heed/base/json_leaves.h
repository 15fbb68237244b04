// Documents as flat lists, to compare them key by key. Threads may call this at once.
#pragma once

#include <map>
#include <string>

#include "heed/base/json_forward.h"

namespace heed {

// Every value that is no object, as JSON text, by its dotted key: {"model.heads": "8"}. An object
// without members has none.
std::map<std::string, std::string> json_leaves(const Json& document);

}  // namespace heed
