// A part of the examples in which every class has its share.
//
// Thread-safety: any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace heed {

// The numbers of the examples that are chosen, ascending: round(share · n) of n in all, of each
// class share · its size, rounded down, and one more where the remainder is largest. A function of
// the seed, the classes and the order of the examples of each.
std::vector<std::uint32_t> stratified_share(std::span<const std::string> classes, double share,
                                            std::uint64_t seed);

// `count` of each class, or all where it has no more.
std::vector<std::uint32_t> some_of_each(std::span<const std::string> classes, std::int64_t count,
                                        std::uint64_t seed);

// Ten classes of like size by value, for examples that have a number instead of a class.
std::vector<std::string> classes_by_value(std::span<const double> values);

}  // namespace heed
