// Rotary positions in a config.json of Transformers.
//
// Thread-safety: may be called from any thread.
#pragma once

#include "heed/base/json_forward.h"
#include "heed/interop/config_reader.h"
#include "heed/nn/position/position_config.h"

namespace heed {

// As version 5 says it, rope_parameters {rope_theta, rope_type, factor, …}, or as version 4 does,
// rope_theta and rope_scaling {type or rope_type, factor, …}. Errors (bad_data) name the key: a
// type that heed does not have (dynamic, longrope), or one without its factor.
PositionConfig read_rope(const ConfigReader& reader, double default_theta);

// Both spellings of it, which has the layout "halves" and a scaling other than ntk.
Json rope_keys(const PositionConfig& position);

}  // namespace heed
