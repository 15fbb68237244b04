// A uniform sample of a stream whose length is not known beforehand.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/random.h"

namespace heed {

// Keeps `capacity` of the pairs that are added, each with the same chance, chosen by the seed
// (reservoir sampling, Algorithm R; Vitter, "Random sampling with a reservoir", 1985). A stream of
// at most `capacity` pairs is kept whole and in order.
class PairSample {
 public:
  PairSample(std::size_t capacity, std::uint64_t seed) : capacity_(capacity), random_(seed) {}

  void add(std::string_view source, std::string_view target) {
    ++seen_;
    if (sources.size() < capacity_) {
      sources.emplace_back(source);
      targets.emplace_back(target);
    } else if (const std::uint64_t place = random_.below(seen_); place < capacity_) {
      sources[place] = source;
      targets[place] = target;
    }
  }

  std::vector<std::string> sources;
  std::vector<std::string> targets;

 private:
  std::size_t capacity_;
  Random random_;
  std::uint64_t seen_ = 0;
};

}  // namespace heed
