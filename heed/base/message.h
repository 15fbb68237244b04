// Text with values in it, for errors: "{}" and what fmt knows to write between the braces.
//
//   format_message("{}: {} lines, {:.1f} MB", path, lines, megabytes)
//
// Of a text longer than 500 bytes the beginning is shown, and how long it is.
//
// The compiler checks that there is a value for each pair of braces. The values are handed on
// without their types, so that no header needs the formatting library. Thread-safe.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace heed {

// A value for a message: a truth value, a character, a number, a text, a path, what has a text()
// of its own, or a list of those (written with ", " between them). Refers to the text it was made
// from, so it must not outlive it.
class MessageArgument {
 public:
  template <typename T>
  MessageArgument(const T& value) {  // NOLINT: values are passed as they are
    if constexpr (std::same_as<T, bool>) {
      kind_ = Kind::boolean;
      boolean_ = value;
    } else if constexpr (std::same_as<T, char>) {
      kind_ = Kind::character;
      character_ = value;
    } else if constexpr (std::signed_integral<T>) {
      kind_ = Kind::integer;
      integer_ = value;
    } else if constexpr (std::unsigned_integral<T>) {
      kind_ = Kind::natural;
      natural_ = value;
    } else if constexpr (std::same_as<T, float>) {
      kind_ = Kind::single;
      single_ = value;
    } else if constexpr (std::floating_point<T>) {
      kind_ = Kind::real;
      real_ = static_cast<double>(value);
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
      text_ = value;
    } else if constexpr (requires {
                           { value.text() } -> std::convertible_to<std::string>;
                         }) {
      keep(value.text());
    } else if constexpr (requires {
                           { value.string() } -> std::convertible_to<std::string>;
                         }) {
      keep(value.string());
    } else {
      std::string list;
      for (const auto& element : value) {
        append(list, element);
      }
      keep(std::move(list));
    }
  }
  MessageArgument(const MessageArgument&) = delete;
  MessageArgument& operator=(const MessageArgument&) = delete;

  template <typename Visitor>
  void visit(Visitor&& visitor) const {
    switch (kind_) {
      case Kind::boolean:
        return visitor(boolean_);
      case Kind::character:
        return visitor(character_);
      case Kind::integer:
        return visitor(integer_);
      case Kind::natural:
        return visitor(natural_);
      case Kind::single:
        return visitor(single_);
      case Kind::real:
        return visitor(real_);
      case Kind::text:
        return visitor(text_);
    }
  }

 private:
  enum class Kind : std::uint8_t { boolean, character, integer, natural, single, real, text };

  void keep(std::string text) {
    kept_ = std::move(text);
    text_ = kept_;
  }
  // Adds an element to a list.
  static void append(std::string& list, const MessageArgument& element);

  Kind kind_ = Kind::text;
  union {
    bool boolean_;
    char character_;
    std::int64_t integer_ = 0;
    std::uint64_t natural_;
    float single_;
    double real_;
  };
  std::string_view text_;
  std::string kept_;
};

namespace message_detail {

// How many values a format takes; -1 when its braces do not match. Values have no numbers.
constexpr int count_placeholders(std::string_view format) {
  int count = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char next = i + 1 < format.size() ? format[i + 1] : '\0';
    if (format[i] == '}') {
      if (next != '}') {
        return -1;
      }
      ++i;
    } else if (format[i] == '{' && next == '{') {
      ++i;
    } else if (format[i] == '{') {
      if (next != '}' && next != ':') {
        return -1;
      }
      i = format.find('}', i);
      if (i == std::string_view::npos) {
        return -1;
      }
      ++count;
    }
  }
  return count;
}

// Not a constant expression: calling it while compiling is the error.
inline void the_number_of_braces_differs_from_the_number_of_values() {}

}  // namespace message_detail

// The text of a message with `count` values; checked by the compiler.
template <std::size_t count>
struct MessageFormat {
  consteval MessageFormat(const char* format) : text(format) {  // NOLINT: for literals
    if (message_detail::count_placeholders(text) != static_cast<int>(count)) {
      message_detail::the_number_of_braces_differs_from_the_number_of_values();
    }
  }
  std::string_view text;
};

std::string format_values(std::string_view format, std::initializer_list<MessageArgument> values);

template <typename... Args>
std::string format_message(MessageFormat<sizeof...(Args)> format, const Args&... args) {
  return format_values(format.text, {MessageArgument(args)...});
}

}  // namespace heed
