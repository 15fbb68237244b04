#include "heed/base/message.h"

#include <fmt/args.h>
#include <fmt/format.h>

namespace heed {

void MessageArgument::append(std::string& list, const MessageArgument& element) {
  element.visit([&](const auto& value) {
    fmt::format_to(std::back_inserter(list), "{}{}", list.empty() ? "" : ", ", value);
  });
}

std::string format_values(std::string_view format, std::initializer_list<MessageArgument> values) {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  for (const MessageArgument& argument : values) {
    argument.visit([&](const auto& value) { store.push_back(value); });
  }
  try {
    return fmt::vformat(format, store);
  } catch (const fmt::format_error& error) {
    // A precision for a text, say: the message matters more than how it is laid out.
    return std::string(format) + " (" + error.what() + ")";
  }
}

}  // namespace heed
