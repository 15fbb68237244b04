// The random numbers of numpy.random.default_rng(seed), bit for bit, as far as sacreBLEU draws
// them: so a bootstrap interval computed here is the interval that sacreBLEU prints.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace heed {

// PCG64 (O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for
// random number generation", 2014; the XSL-RR output on 128 bits of state), seeded through NumPy's
// SeedSequence (after O'Neill's seed_seq_fe).
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint64_t seed);

  std::uint64_t next_u64();
  // Halves of 64-bit numbers, the lower one first.
  std::uint32_t next_u32();
  // One element of Generator.choice(bound, replace=True) or Generator.integers(bound): uniform in
  // [0, bound) by Lemire's method. 0 < bound ≤ 2³² - 1; with bound 1 nothing is drawn.
  std::uint32_t below(std::uint32_t bound);

 private:
  // 128-bit numbers as two halves: the language has no such type.
  struct Wide {
    std::uint64_t high;
    std::uint64_t low;
  };
  static Wide add(Wide a, Wide b);
  static Wide multiply(Wide a, Wide b);
  void step();

  Wide state_{};
  Wide increment_{};
  std::optional<std::uint32_t> upper_half_;
};

}  // namespace heed
