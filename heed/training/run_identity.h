// What a run is made of, and what has changed since it began.
#pragma once

#include <string>

#include "heed/base/config.h"

namespace heed {

struct RunIdentity {
  Json recipe;    // resolved, with fingerprints of the data
  Json defaults;  // of the recipe's keys: what a run had that began before a key existed
};

// The keys of `now` whose values differ in `saved` (a recipe of RunIdentity), as
// "model.d_model: 16 before, 32 now; …"; empty when none does. Keys that no step depends on may
// differ; training.max_steps is one of them unless the schedule runs towards it (`fixed_end`).
std::string changes_since(const Json& saved, const RunIdentity& now, bool fixed_end);

}  // namespace heed
