// What a run is made of, and what has changed since it began.
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <string>

namespace heed {

// Documents of JSON. Empty: a run without a recipe, which nothing is compared of.
struct RunIdentity {
  std::string recipe;    // resolved, with fingerprints of the data
  std::string defaults;  // of the recipe's keys: what a run had that began before a key existed
};

// The keys of `now` whose values differ in `saved` (a recipe of RunIdentity), as
// "model.d_model: 16 before, 32 now; …"; empty when none does. Keys that no step depends on may
// differ; training.max_steps is one of them unless the schedule runs towards it (`fixed_end`).
std::string changes_since(const std::string& saved, const RunIdentity& now, bool fixed_end);

}  // namespace heed
