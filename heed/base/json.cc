#include "heed/base/json.h"

#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {

namespace {

// Builds JSON from parser events so that duplicate keys and deep nesting can be refused.
class StrictJsonBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit StrictJsonBuilder(const std::string& source) : source_(source) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    check_data(std::isfinite(value), "{}: number {} is out of range", source_, text);
    return add(value);
  }
  bool string(string_t& value) override { return add(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    check_data(keys_.back().insert(name).second, "{}: duplicate key \"{}\"", source_, name);
    pending_keys_.back() = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    fail(ErrorKind::bad_data, "{}: invalid JSON near byte {}: {}", source_, position, error.what());
  }

 private:
  Json& place(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return root_;
    }
    Json& parent = *stack_.back();
    if (parent.is_object()) {
      // Appended without the look-up, which is linear here; key() has refused duplicates.
      auto& members = parent.get_ref<Json::object_t&>();
      members.emplace_back(pending_keys_.back(), std::move(value));
      return members.back().second;
    }
    parent.push_back(std::move(value));
    return parent.back();
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    check_data(stack_.size() < nesting_limit, "{}: nested deeper than {}", source_, nesting_limit);
    // A parent does not grow while a child is open, so the pointer stays valid.
    stack_.push_back(&place(std::move(value)));
    keys_.emplace_back();
    pending_keys_.emplace_back();
    return true;
  }
  bool close() {
    stack_.pop_back();
    keys_.pop_back();
    pending_keys_.pop_back();
    return true;
  }

  const std::string& source_;
  Json root_;
  std::vector<Json*> stack_;
  std::vector<std::set<std::string>> keys_;
  std::vector<std::string> pending_keys_;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& source) {
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "{}: invalid UTF-8 at byte {}", source, invalid.value_or(0));
  // The parser would take a NUL for the end of the text.
  check_data(text.find('\0') == std::string_view::npos, "{}: invalid JSON: a NUL byte", source);
  StrictJsonBuilder builder(source);
  const bool parsed = Json::sax_parse(text, &builder);
  check_data(parsed, "{}: invalid JSON", source);
  return builder.take();
}

double number_or_nan(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

}  // namespace heed
