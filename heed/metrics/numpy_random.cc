#include "heed/metrics/numpy_random.h"

#include <bit>
#include <cstddef>

#include "heed/base/error.h"

namespace heed {

namespace {

// NumPy's SeedSequence: a pool of four words that the seed is hashed into, and a stream of words
// hashed out of it.
class SeedSequence {
 public:
  explicit SeedSequence(std::uint64_t seed) {
    const std::array<std::uint32_t, 4> entropy = {static_cast<std::uint32_t>(seed),
                                                  static_cast<std::uint32_t>(seed >> 32), 0, 0};
    std::uint32_t constant = 0x43b0d7e5u;
    const auto hash = [&constant](std::uint32_t value) {
      value ^= constant;
      constant *= 0x931e8875u;
      value *= constant;
      return value ^ value >> 16;
    };
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      pool_[i] = hash(entropy[i]);
    }
    for (std::size_t source = 0; source < pool_.size(); ++source) {
      for (std::size_t target = 0; target < pool_.size(); ++target) {
        if (source != target) {
          pool_[target] = mix(pool_[target], hash(pool_[source]));
        }
      }
    }
  }

  std::array<std::uint64_t, 4> generate() const {
    std::array<std::uint64_t, 4> words{};
    std::uint32_t constant = 0x8b51f9ddu;
    for (std::size_t i = 0; i < 2 * words.size(); ++i) {
      std::uint32_t value = pool_[i % pool_.size()] ^ constant;
      constant *= 0x58f38dedu;
      value *= constant;
      value ^= value >> 16;
      words[i / 2] |= std::uint64_t{value} << (i % 2 * 32);
    }
    return words;
  }

 private:
  static std::uint32_t mix(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t result = 0xca01f9ddu * x - 0x4973f715u * y;
    return result ^ result >> 16;
  }

  std::array<std::uint32_t, 4> pool_{};
};

}  // namespace

NumpyRandom::NumpyRandom(std::uint64_t seed) {
  const std::array<std::uint64_t, 4> words = SeedSequence(seed).generate();
  increment_ = {words[2] << 1 | words[3] >> 63, words[3] << 1 | 1};
  step();
  state_ = add(state_, {words[0], words[1]});
  step();
}

NumpyRandom::Wide NumpyRandom::add(Wide a, Wide b) {
  const std::uint64_t low = a.low + b.low;
  return {a.high + b.high + (low < a.low ? 1 : 0), low};
}

NumpyRandom::Wide NumpyRandom::multiply(Wide a, Wide b) {
  const std::uint64_t mask = 0xffffffffu;
  const std::uint64_t a0 = a.low & mask, a1 = a.low >> 32, b0 = b.low & mask, b1 = b.low >> 32;
  const std::uint64_t low = a0 * b0;
  const std::uint64_t middle = a1 * b0 + (low >> 32);
  const std::uint64_t other = a0 * b1 + (middle & mask);
  return {a1 * b1 + (middle >> 32) + (other >> 32) + a.high * b.low + a.low * b.high,
          other << 32 | (low & mask)};
}

void NumpyRandom::step() {
  state_ = add(multiply(state_, {0x2360ed051fc65da4u, 0x4385df649fccf645u}), increment_);
}

std::uint64_t NumpyRandom::next_u64() {
  step();
  return std::rotr(state_.high ^ state_.low, static_cast<int>(state_.high >> 58));
}

std::uint32_t NumpyRandom::next_u32() {
  if (upper_half_) {
    const std::uint32_t value = *upper_half_;
    upper_half_.reset();
    return value;
  }
  const std::uint64_t both = next_u64();
  upper_half_ = static_cast<std::uint32_t>(both >> 32);
  return static_cast<std::uint32_t>(both);
}

std::uint32_t NumpyRandom::below(std::uint32_t bound) {
  check(bound > 0, "random numbers: nothing lies below 0");
  if (bound == 1) {
    return 0;
  }
  std::uint64_t product = std::uint64_t{next_u32()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = (0u - bound) % bound;
    while (static_cast<std::uint32_t>(product) < threshold) {
      product = std::uint64_t{next_u32()} * bound;
    }
  }
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace heed
