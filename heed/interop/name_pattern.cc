#include "heed/interop/name_pattern.h"

#include <algorithm>

#include "heed/base/error.h"

namespace heed {

namespace {

// Takes the first component off.
std::string_view take_component(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const std::string_view component = rest.substr(0, dot);
  rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  return component;
}

bool match(std::string_view pattern, std::string_view name, std::vector<std::string>& stars) {
  if (pattern.empty()) {
    return name.empty();
  }
  const std::string_view wanted = take_component(pattern);
  if (wanted == "**") {
    for (std::string_view rest = name;; take_component(rest)) {
      std::vector<std::string> found = stars;
      if (match(pattern, rest, found)) {
        stars = std::move(found);
        return true;
      }
      if (rest.empty()) {
        return false;
      }
    }
  }
  if (name.empty()) {
    return false;
  }
  const std::string_view component = take_component(name);
  if (wanted == "*") {
    stars.emplace_back(component);
  } else if (wanted != component) {
    return false;
  }
  return match(pattern, name, stars);
}

}  // namespace

std::optional<std::vector<std::string>> match_name(std::string_view pattern,
                                                   std::string_view name) {
  std::vector<std::string> stars;
  return match(pattern, name, stars) ? std::optional(stars) : std::nullopt;
}

std::string fill_pattern(std::string_view pattern, const std::vector<std::string>& values) {
  std::string name;
  auto value = values.begin();
  while (!pattern.empty()) {
    const std::string_view component = take_component(pattern);
    name += name.empty() ? "" : ".";
    if (component == "*") {
      check(value != values.end(), "the pattern {} has more stars than values", pattern);
      name += *value++;
    } else {
      name += component;
    }
  }
  return name;
}

}  // namespace heed
