// Reads configurations (heed/base/config.h) from JSON and YAML, writes them, and lists their keys.
//
//   OptimizerConfig config = config_from_json<OptimizerConfig>(json, "recipe.yaml");
//   Json json = config_to_json(config);
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "heed/base/config.h"
#include "heed/base/error.h"
#include "heed/base/json.h"

namespace heed {

namespace config_detail {

// Errors (usage) name `source` and the dotted key.
void check_type(bool condition, const Json& json, const std::string& expected,
                const std::string& key, const std::string& source);
void check_keys(const Json& json, const std::vector<std::string>& known, const std::string& prefix,
                const std::string& source);
std::int64_t read_integer(const Json& json, const std::string& key, const std::string& source);
void read_scalar(const Json& json, bool& value, const std::string& key, const std::string& source);
void read_scalar(const Json& json, double& value, const std::string& key,
                 const std::string& source);
void read_scalar(const Json& json, std::string& value, const std::string& key,
                 const std::string& source);

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
  NameVisitor known;
  value.fields(known);
  check_keys(json, known.names, prefix, source);
  ReadVisitor reader{json, prefix, source};
  value.fields(reader);
}

template <typename T>
void read_value(const Json& json, T& value, const std::string& key, const std::string& source) {
  if constexpr (Aggregate<T>) {
    read_aggregate(json, value, key, source);
  } else if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    const std::int64_t number = read_integer(json, key, source);
    check_usage(std::in_range<T>(number), "{}: {}: {} is out of range", source, key, number);
    value = static_cast<T>(number);
  } else if constexpr (IsMap<T>::value) {
    check_type(json.is_object(), json, type_name<T>(), key, source);
    value.clear();
    for (const auto& item : json.items()) {
      read_value(item.value(), value[item.key()], join_key(key, item.key()), source);
    }
  } else if constexpr (IsVector<T>::value) {
    check_type(json.is_array(), json, type_name<T>(), key, source);
    value.clear();
    for (std::size_t i = 0; i < json.size(); ++i) {
      typename T::value_type element{};
      read_value(json[i], element, key + "[" + std::to_string(i) + "]", source);
      value.push_back(std::move(element));
    }
  } else {
    read_scalar(json, value, key, source);
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

}  // namespace heed
