#include "heed/base/config_json.h"

#include <algorithm>

#include "heed/base/unicode.h"

namespace heed::config_detail {

void check_type(bool condition, const Json& json, const std::string& expected,
                const std::string& key, const std::string& source) {
  if (!condition) {
    fail(ErrorKind::usage, "{}: {}: expected {}, got {}", source, key, expected, json.dump());
  }
}

void check_keys(const Json& json, const std::vector<std::string>& known, const std::string& prefix,
                const std::string& source) {
  if (!json.is_object()) {
    fail(ErrorKind::usage, "{}: {}: expected a section of keys, got {}", source,
         prefix.empty() ? "the top level" : prefix, json.dump());
  }
  for (const auto& item : json.items()) {
    if (std::find(known.begin(), known.end(), item.key()) == known.end()) {
      const auto nearest = nearest_name(item.key(), known);
      fail(ErrorKind::usage, "{}: unknown key '{}'{}", source, join_key(prefix, item.key()),
           nearest ? "; did you mean '" + join_key(prefix, *nearest) + "'?" : std::string());
    }
  }
}

std::int64_t read_integer(const Json& json, const std::string& key, const std::string& source) {
  check_type(json.is_number_integer(), json, type_name<std::int64_t>(), key, source);
  const bool in_range =
      !json.is_number_unsigned() || std::in_range<std::int64_t>(json.get<std::uint64_t>());
  check_usage(in_range, "{}: {}: {} is out of range", source, key, json.dump());
  return json.get<std::int64_t>();
}

void read_scalar(const Json& json, bool& value, const std::string& key, const std::string& source) {
  check_type(json.is_boolean(), json, type_name<bool>(), key, source);
  value = json.get<bool>();
}

void read_scalar(const Json& json, double& value, const std::string& key,
                 const std::string& source) {
  check_type(json.is_number(), json, type_name<double>(), key, source);
  value = json.get<double>();
}

void read_scalar(const Json& json, std::string& value, const std::string& key,
                 const std::string& source) {
  check_type(json.is_string(), json, type_name<std::string>(), key, source);
  value = json.get<std::string>();
}

}  // namespace heed::config_detail
