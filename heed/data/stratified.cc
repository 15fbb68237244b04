#include "heed/data/stratified.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "heed/base/hash.h"
#include "heed/base/random.h"

namespace heed {

namespace {

constexpr std::uint64_t stream = hash_of("stratified");

// The examples of each class in an order that the seed draws.
std::map<std::string, std::vector<std::uint32_t>> shuffled_classes(
    std::span<const std::string> classes, std::uint64_t seed) {
  std::map<std::string, std::vector<std::uint32_t>> members;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    members[classes[i]].push_back(static_cast<std::uint32_t>(i));
  }
  for (auto& [name, examples] : members) {
    Random(seed, stream ^ hash_of(name)).shuffle(std::span(examples));
  }
  return members;
}

}  // namespace

std::vector<std::uint32_t> stratified_share(std::span<const std::string> classes, double share,
                                            std::uint64_t seed) {
  struct Part {
    const std::vector<std::uint32_t>* examples;
    std::size_t count;
    double remainder;
  };
  const auto members = shuffled_classes(classes, seed);
  std::vector<Part> parts;
  std::size_t taken = 0;
  for (const auto& [name, examples] : members) {
    const double exact = share * static_cast<double>(examples.size());
    const auto count = static_cast<std::size_t>(exact);
    parts.push_back({&examples, count, exact - static_cast<double>(count)});
    taken += count;
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.remainder > b.remainder; });
  const auto wanted =
      static_cast<std::size_t>(std::llround(share * static_cast<double>(classes.size())));
  for (std::size_t i = 0; i < parts.size() && taken < wanted; ++i, ++taken) {
    ++parts[i].count;
  }
  std::vector<std::uint32_t> chosen;
  for (const Part& part : parts) {
    const auto begin = part.examples->begin();
    chosen.insert(chosen.end(), begin, begin + static_cast<std::ptrdiff_t>(part.count));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::vector<std::uint32_t> some_of_each(std::span<const std::string> classes, std::int64_t count,
                                        std::uint64_t seed) {
  std::vector<std::uint32_t> chosen;
  for (const auto& [name, examples] : shuffled_classes(classes, seed)) {
    const auto begin = examples.begin();
    chosen.insert(chosen.end(), begin,
                  begin + std::min(count, static_cast<std::int64_t>(examples.size())));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::vector<std::string> classes_by_value(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<std::string> classes(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    classes[order[i]] = std::to_string(i * 10 / order.size());
  }
  return classes;
}

}  // namespace heed
