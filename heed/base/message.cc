#include "heed/base/message.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include <type_traits>

namespace heed {

namespace {

constexpr std::size_t value_limit = 500;  // bytes

// A message is for reading, and some values come from outside: of a long text the beginning.
std::string shortened(std::string_view text) {
  if (text.size() <= value_limit) {
    return std::string(text);
  }
  std::size_t end = value_limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return fmt::format("{}… ({} bytes)", text.substr(0, end), text.size());
}

}  // namespace

void MessageArgument::append(std::string& list, const MessageArgument& element) {
  element.visit([&](const auto& value) {
    fmt::format_to(std::back_inserter(list), "{}{}", list.empty() ? "" : ", ", value);
  });
}

std::string format_values(std::string_view format, std::initializer_list<MessageArgument> values) {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  for (const MessageArgument& argument : values) {
    argument.visit([&](const auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>) {
        store.push_back(shortened(value));
      } else {
        store.push_back(value);
      }
    });
  }
  try {
    return fmt::vformat(format, store);
  } catch (const fmt::format_error& error) {
    // A precision for a text, say: the message matters more than how it is laid out.
    return std::string(format) + " (" + error.what() + ")";
  }
}

}  // namespace heed
