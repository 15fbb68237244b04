// Reads the steps of tokenizer.json: {"type": "Strip", "strip_left": true, …}.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heed/base/json.h"

namespace heed {

// One step. Errors (bad_data) name the file, the section and the key.
class StepReader {
 public:
  // `json` and `source`, the file and the section, must outlive it.
  StepReader(const Json& json, const std::string& source);

  const std::string& type() const { return type_; }
  const std::string& source() const { return source_; }

  std::string text(const char* key, const std::optional<std::string>& fallback = {}) const;
  bool flag(const char* key, std::optional<bool> fallback = {}) const;
  std::optional<bool> optional_flag(const char* key) const;
  std::int64_t natural(const char* key, std::optional<std::int64_t> fallback = {}) const;
  // A text of one character.
  std::string character(const char* key, const std::optional<std::string>& fallback = {}) const;
  const Json& value(const char* key) const;
  // The steps of a Sequence.
  const Json& list(const char* key) const;
  bool has(const char* key) const { return json_.contains(key) && !json_.at(key).is_null(); }

  // For a type that is not known here.
  [[noreturn]] void refuse() const;

 private:
  [[noreturn]] void expected(const char* key, const char* what) const;

  const Json& json_;
  const std::string& source_;
  std::string type_;
};

}  // namespace heed
