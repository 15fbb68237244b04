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
//   OptimizerConfig config = config_from_json<OptimizerConfig>(json, "recipe.yaml");
//   nlohmann::ordered_json json = config_to_json(config);
//
// Supported members: bool, int, std::int64_t, double, std::string, std::vector of those, std::map
// from std::string (a section whose keys are free), and other aggregates with `fields`.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {

using Json = nlohmann::ordered_json;

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

template <typename T>
void read_value(const Json& json, T& value, const std::string& key, const std::string& source);

// Collects the names of an aggregate's fields.
struct NameVisitor {
  std::vector<std::string> names;
  template <typename T>
  void operator()(const char* name, T&, const char*) {
    names.emplace_back(name);
  }
};

struct ReadVisitor {
  const Json& json;
  const std::string& prefix;
  const std::string& source;
  template <typename T>
  void operator()(const char* name, T& value, const char*) {
    if (const auto found = json.find(name); found != json.end()) {
      read_value(*found, value, join_key(prefix, name), source);
    }
  }
};

struct WriteVisitor {
  Json json = Json::object();
  template <typename T>
  void operator()(const char* name, T& value, const char*) {
    if constexpr (Aggregate<T>) {
      WriteVisitor nested;
      value.fields(nested);
      json[name] = std::move(nested.json);
    } else {
      json[name] = value;
    }
  }
};

template <Aggregate T>
void read_aggregate(const Json& json, T& value, const std::string& prefix,
                    const std::string& source) {
  check_usage(json.is_object(), "{}: {}: expected a section of keys, got {}", source,
              prefix.empty() ? "the top level" : prefix, json.dump());
  NameVisitor known;
  value.fields(known);
  for (const auto& item : json.items()) {
    bool found = false;
    for (const std::string& name : known.names) {
      found = found || name == item.key();
    }
    if (!found) {
      const auto nearest = nearest_name(item.key(), known.names);
      fail(ErrorKind::usage, "{}: unknown key '{}'{}", source, join_key(prefix, item.key()),
           nearest ? "; did you mean '" + join_key(prefix, *nearest) + "'?" : std::string());
    }
  }
  ReadVisitor reader{json, prefix, source};
  value.fields(reader);
}

template <typename T>
void read_value(const Json& json, T& value, const std::string& key, const std::string& source) {
  const auto expect = [&](bool condition) {
    check_usage(condition, "{}: {}: expected {}, got {}", source, key, type_name<T>(), json.dump());
  };
  if constexpr (Aggregate<T>) {
    read_aggregate(json, value, key, source);
  } else if constexpr (std::same_as<T, bool>) {
    expect(json.is_boolean());
    value = json.get<bool>();
  } else if constexpr (std::integral<T>) {
    expect(json.is_number_integer());
    const bool in_range = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                    : std::in_range<T>(json.get<std::int64_t>());
    check_usage(in_range, "{}: {}: {} is out of range", source, key, json.dump());
    value = json.get<T>();
  } else if constexpr (std::floating_point<T>) {
    expect(json.is_number());
    value = json.get<T>();
  } else if constexpr (std::same_as<T, std::string>) {
    expect(json.is_string());
    value = json.get<std::string>();
  } else if constexpr (IsMap<T>::value) {
    expect(json.is_object());
    value.clear();
    for (const auto& item : json.items()) {
      read_value(item.value(), value[item.key()], join_key(key, item.key()), source);
    }
  } else {
    static_assert(IsVector<T>::value, "a config field has a type that config.h does not know");
    expect(json.is_array());
    value.clear();
    for (std::size_t i = 0; i < json.size(); ++i) {
      typename T::value_type element{};
      read_value(json[i], element, key + "[" + std::to_string(i) + "]", source);
      value.push_back(std::move(element));
    }
  }
}

}  // namespace config_detail

// Reads an aggregate from JSON, starting from its defaults. Errors (usage) name `source` and the
// dotted key: an unknown key (with the nearest known one), a wrong type, an integer out of range.
template <config_detail::Aggregate T>
T config_from_json(const Json& json, const std::string& source, T defaults = {}) {
  config_detail::read_aggregate(json, defaults, "", source);
  return defaults;
}

template <config_detail::Aggregate T>
Json config_to_json(T config) {
  config_detail::WriteVisitor writer;
  config.fields(writer);
  return writer.json;
}

// One key of a configuration, for listings.
struct ConfigKey {
  std::string key;            // dotted
  std::string type;           // in words
  std::string default_value;  // as JSON
  std::string meaning;
};

namespace config_detail {
struct ListVisitor {
  std::string prefix;
  std::vector<ConfigKey>& keys;
  template <typename T>
  void operator()(const char* name, T& value, const char* meaning) {
    if constexpr (Aggregate<T>) {
      ListVisitor nested{join_key(prefix, name), keys};
      value.fields(nested);
    } else {
      keys.push_back({join_key(prefix, name), type_name<T>(), Json(value).dump(), meaning});
    }
  }
};
}  // namespace config_detail

// Every key of an aggregate, nested ones dotted, in the order of declaration.
template <config_detail::Aggregate T>
std::vector<ConfigKey> list_config_keys() {
  T defaults{};
  std::vector<ConfigKey> keys;
  config_detail::ListVisitor visitor{"", keys};
  defaults.fields(visitor);
  return keys;
}

// Parses JSON from outside strictly: duplicate keys and nesting deeper than 64 are refused.
// Errors (bad_data) name `source`.
Json parse_json(std::string_view text, const std::string& source);

// Parses a YAML document into JSON: maps, lists, and scalars by the YAML 1.2 core schema (so `no`
// is the Norwegian language code, not false). Refused with `source` and line: duplicate keys,
// octal- looking integers (010), anchors' merge keys, tags, a second document, nesting deeper than
// 64, aliases that make the document longer than its text.
Json parse_yaml(std::string_view text, const std::string& source);

// The document that parse_yaml() reads back as `json` (an object of values, lists of them, and
// sections), one key a line.
std::string write_yaml(const Json& json);

// Applies `a.b.c=value` to `json`, the value read as YAML. Errors (usage) say what is wrong.
void apply_override(Json& json, std::string_view assignment);

}  // namespace heed
