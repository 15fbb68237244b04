#include "heed/shots/python_random.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "heed/base/error.h"

namespace heed {

namespace {

constexpr std::size_t state_size = 624;

std::vector<std::uint32_t> state_of(std::uint32_t number) {
  std::vector<std::uint32_t> state(state_size);
  state[0] = number;
  for (std::uint32_t i = 1; i < state_size; ++i) {
    state[i] = 1812433253u * (state[i - 1] ^ state[i - 1] >> 30u) + i;
  }
  return state;
}

}  // namespace

PythonRandom::PythonRandom(std::uint32_t seed) : state_(state_of(19650218)), place_(state_size) {
  std::size_t i = 1;
  const auto mix = [&](std::uint32_t factor, std::uint32_t number) {
    state_[i] = (state_[i] ^ (state_[i - 1] ^ state_[i - 1] >> 30u) * factor) + number;
    if (++i == state_size) {
      state_[0] = state_[state_size - 1];
      i = 1;
    }
  };
  for (std::size_t k = 0; k < state_size; ++k) {
    mix(1664525, seed);
  }
  for (std::size_t k = 0; k + 1 < state_size; ++k) {
    mix(1566083941, -static_cast<std::uint32_t>(i));
  }
  state_[0] = 0x80000000;
}

std::uint32_t PythonRandom::next() {
  if (place_ == state_size) {
    constexpr std::size_t shift = 397;
    for (std::size_t i = 0; i < state_size; ++i) {
      const std::uint32_t y =
          (state_[i] & 0x80000000u) | (state_[(i + 1) % state_size] & 0x7fffffffu);
      state_[i] = state_[(i + shift) % state_size] ^ y >> 1u ^ ((y & 1u) != 0 ? 0x9908b0dfu : 0u);
    }
    place_ = 0;
  }
  std::uint32_t y = state_[place_++];
  y ^= y >> 11u;
  y ^= y << 7u & 0x9d2c5680u;
  y ^= y << 15u & 0xefc60000u;
  return y ^ y >> 18u;
}

std::size_t PythonRandom::below(std::size_t bound) {
  const int bits = std::bit_width(bound);
  std::size_t number = bound;
  while (number >= bound) {
    number = next() >> (32 - bits);
  }
  return number;
}

std::vector<std::size_t> PythonRandom::sample(std::size_t count, std::size_t size) {
  check(size <= count && count < std::size_t{1} << 31, "{} of {} examples", size, count);
  // Python takes the way that needs less memory.
  std::size_t pool_limit = 21;
  if (size > 5) {
    pool_limit +=
        std::size_t{1} << 2 * static_cast<int>(std::ceil(std::log(static_cast<double>(3 * size)) /
                                                         std::log(4.0)));
  }
  std::vector<std::size_t> drawn;
  if (count <= pool_limit) {
    std::vector<std::size_t> pool(count);
    std::iota(pool.begin(), pool.end(), std::size_t{0});
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t chosen = below(count - i);
      drawn.push_back(pool[chosen]);
      pool[chosen] = pool[count - i - 1];
    }
    return drawn;
  }
  std::unordered_set<std::size_t> known;
  while (drawn.size() < size) {
    const std::size_t chosen = below(count);
    if (known.insert(chosen).second) {
      drawn.push_back(chosen);
    }
  }
  return drawn;
}

}  // namespace heed
