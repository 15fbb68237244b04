// Configurations: aggregates whose one `fields` function serves JSON, YAML, command-line overrides,
// the listing of keys with their defaults, and the error for an unknown key.
//
//   struct OptimizerConfig {
//     std::string kind = "adam";
//     double learning_rate = 0.001;
//     template <typename Visitor>
//     void fields(Visitor& visit) {
//       visit("kind", kind, "adam or adamw");
//       visit("learning_rate", learning_rate, "peak learning rate");
//     }
//   };
//
// Supported members: bool, int, std::int64_t, double, std::string, std::vector of those, std::map
// from std::string (a section whose keys are free), and other aggregates with `fields`.
// heed/base/config_json.h reads and writes them.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace heed {

namespace config_detail {

struct ProbeVisitor {
  template <typename T>
  void operator()(const char*, T&, const char*) {}
};

template <typename T>
concept Aggregate = requires(T value, ProbeVisitor probe) {
  value.fields(probe);
};

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename T>
struct IsMap : std::false_type {};
template <typename T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

template <typename T>
std::string type_name() {
  if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (std::integral<T>) {
    return "integer";
  } else if constexpr (std::floating_point<T>) {
    return "number";
  } else if constexpr (std::same_as<T, std::string>) {
    return "text";
  } else if constexpr (IsVector<T>::value) {
    return "list of " + type_name<typename T::value_type>();
  } else if constexpr (IsMap<T>::value) {
    return "names, each with " + type_name<typename T::mapped_type>();
  } else {
    return "section";
  }
}

inline std::string join_key(const std::string& prefix, const std::string& key) {
  return prefix.empty() ? key : prefix + "." + key;
}

}  // namespace config_detail

// One key of a configuration, for listings.
struct ConfigKey {
  std::string key;            // dotted
  std::string type;           // in words
  std::string default_value;  // as JSON
  std::string meaning;
};

}  // namespace heed
