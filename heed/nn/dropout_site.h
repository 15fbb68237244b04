// A place in a model where something random happens: dropout, or the noise of a choice.
//
//   DropoutSite inner("decoder.0.feed_forward.inner", 0.1);  // when the module is built
//   context.dropout(inner, sequences.row_keys);              // in each pass
//
// What is drawn there follows from its name, not from the order in which a model comes to its
// sites: a call that is added to a model, or left out, changes no other mask.
// Thread-safety: immutable.
#pragma once

#include <cstdint>
#include <string_view>

#include "heed/base/hash.h"

namespace heed {

class DropoutSite {
 public:
  // `name`: the module and which of its sites; two sites of a name draw alike. `rate`: the
  // probability of dropping, in [0, 1).
  DropoutSite(std::string_view name, double rate)
      : number_(folded(hash_of(name))), rate_(static_cast<float>(rate)) {}

  std::uint32_t number() const { return number_; }
  float rate() const { return rate_; }

 private:
  static constexpr std::uint32_t folded(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash ^ hash >> 32);
  }

  std::uint32_t number_;
  float rate_;
};

}  // namespace heed
