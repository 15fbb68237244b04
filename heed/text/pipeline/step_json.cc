#include "heed/text/pipeline/step_json.h"

#include "heed/base/error.h"
#include "heed/text/characters.h"

namespace heed {

StepReader::StepReader(const Json& json, const std::string& source) : json_(json), source_(source) {
  check_data(json.is_object() && json.contains("type") && json["type"].is_string(),
             "{}: expected an object with a type, got {}", source, json.dump().substr(0, 100));
  type_ = json["type"].get<std::string>();
}

std::string StepReader::text(const char* key, const std::optional<std::string>& fallback) const {
  if (!has(key) && fallback) {
    return *fallback;
  }
  if (!has(key) || !json_.at(key).is_string()) {
    expected(key, "text");
  }
  return json_.at(key).get<std::string>();
}

std::optional<bool> StepReader::optional_flag(const char* key) const {
  if (!has(key)) {
    return std::nullopt;
  }
  if (!json_.at(key).is_boolean()) {
    expected(key, "true or false");
  }
  return json_.at(key).get<bool>();
}

bool StepReader::flag(const char* key, std::optional<bool> fallback) const {
  const std::optional<bool> value = optional_flag(key);
  if (!value && !fallback) {
    expected(key, "true or false");
  }
  return value ? *value : *fallback;
}

std::int64_t StepReader::natural(const char* key, std::optional<std::int64_t> fallback) const {
  if (!has(key) && fallback) {
    return *fallback;
  }
  if (!has(key) || !json_.at(key).is_number_unsigned() ||
      json_.at(key).get<std::uint64_t>() > (std::uint64_t{1} << 31)) {
    expected(key, "a number from 0 up");
  }
  return json_.at(key).get<std::int64_t>();
}

std::string StepReader::character(const char* key,
                                  const std::optional<std::string>& fallback) const {
  const std::string value = text(key, fallback);
  if (value.empty() || character_at(value, 0).end != value.size()) {
    expected(key, "one character");
  }
  return value;
}

const Json& StepReader::value(const char* key) const {
  if (!has(key)) {
    expected(key, "a value");
  }
  return json_.at(key);
}

const Json& StepReader::list(const char* key) const {
  if (!has(key) || !json_.at(key).is_array()) {
    expected(key, "a list");
  }
  return json_.at(key);
}

void StepReader::refuse() const {
  fail(ErrorKind::bad_data, "{}: the type '{}' is not supported", source_, type_);
}

void StepReader::expected(const char* key, const char* what) const {
  fail(ErrorKind::bad_data, "{}: {}: {}: expected {}, got {}", source_, type_, key, what,
       json_.contains(key) ? json_.at(key).dump().substr(0, 100) : "nothing");
}

}  // namespace heed
