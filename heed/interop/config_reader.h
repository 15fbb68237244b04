// Reads keys of a config.json from outside. Constant: threads may share one.
#pragma once

#include <string>

#include "heed/base/config_json.h"
#include "heed/base/json_forward.h"

namespace heed {

class ConfigReader {
 public:
  // Both outlive the reader. Error (bad_data): no object of keys.
  ConfigReader(const Json& json, const std::string& source) : json_(json), source_(source) {
    check_data(json.is_object(), "{}: expected an object of keys", source);
  }

  // The value of the key; `fallback` where it is missing or null. Errors (bad_data) name file and
  // key.
  template <typename T>
  T get(const char* key, T fallback) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) {
      return fallback;
    }
    try {
      config_detail::read_value(*found, fallback, key, source_);
    } catch (const Error& error) {
      fail(ErrorKind::bad_data, "{}", error.what());
    }
    return fallback;
  }
  template <typename T>
  T require(const char* key) const {
    check_data(json_.contains(key), "{}: '{}' is missing", source_, key);
    return get(key, T{});
  }
  bool has(const char* key) const {
    const auto found = json_.find(key);
    return found != json_.end() && !found->is_null();
  }
  const Json& json() const { return json_; }
  const std::string& source() const { return source_; }

 private:
  const Json& json_;
  const std::string& source_;
};

}  // namespace heed
