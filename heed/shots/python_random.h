// The random numbers of Python's random.Random(seed), as far as lm-evaluation-harness draws
// examples by them: so that the same task file shows the same examples here.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heed {

// The Mersenne Twister (Matsumoto & Nishimura, 1998), initialised by an array of one number.
class PythonRandom {
 public:
  explicit PythonRandom(std::uint32_t seed);

  // random.sample(range(count), size): different numbers below `count`, in the order of drawing.
  // size <= count.
  std::vector<std::size_t> sample(std::size_t count, std::size_t size);

 private:
  std::uint32_t next();
  std::size_t below(std::size_t bound);

  std::vector<std::uint32_t> state_;
  std::size_t place_;
};

}  // namespace heed
