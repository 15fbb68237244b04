// The name Json, for declarations; heed/base/json.h defines it.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace heed {

using Json = nlohmann::ordered_json;

}  // namespace heed
