// Names of tensors with a star for what differs from layer to layer. Plain functions of their
// arguments: threads may call them at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heed {

// What the stars of `pattern` stand for in `name`, in order; nothing where it does not match. Names
// are components with dots between them. A component * matches one component, ** (which stands
// for nothing) any number.
std::optional<std::vector<std::string>> match_name(std::string_view pattern, std::string_view name);

// The pattern with its stars replaced in order. Error (failure): more stars than values.
std::string fill_pattern(std::string_view pattern, const std::vector<std::string>& values);

}  // namespace heed
