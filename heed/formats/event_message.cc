#include "heed/formats/event_message.h"

#include <bit>
#include <cstring>
#include <optional>

#include "heed/base/error.h"
#include "heed/formats/raw_bytes.h"

namespace heed {

namespace {

// Field numbers and wire types of the messages Event, Summary and Summary.Value.
enum class WireType : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
constexpr std::uint32_t event_wall_time = 1, event_step = 2, event_file_version = 3,
                        event_summary = 5, summary_value = 1, value_tag = 1, value_simple = 2;

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out += static_cast<char>((value & 0x7F) | 0x80);
  }
  out += static_cast<char>(value);
}

void append_key(std::string& out, std::uint32_t field, WireType type) {
  append_varint(out, field << 3 | static_cast<std::uint32_t>(type));
}

void append_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  append_key(out, field, WireType::bytes);
  append_varint(out, bytes.size());
  out += bytes;
}

// Reads the fields of one message.
class MessageReader {
 public:
  MessageReader(std::string_view data, const std::string& source) : data_(data), source_(source) {}

  struct Field {
    std::uint32_t number = 0;
    WireType type = WireType::varint;
    std::uint64_t value = 0;  // of a number, its bits
    std::string_view bytes;
  };

  std::optional<Field> next() {
    if (data_.empty()) {
      return std::nullopt;
    }
    const std::uint64_t key = varint();
    Field field{static_cast<std::uint32_t>(key >> 3), static_cast<WireType>(key & 7), 0, {}};
    switch (field.type) {
      case WireType::varint:
        field.value = varint();
        return field;
      case WireType::bytes:
        field.bytes = take(varint());
        return field;
      case WireType::fixed64:
      case WireType::fixed32: {
        const std::string_view raw = take(field.type == WireType::fixed64 ? 8 : 4);
        std::memcpy(&field.value, raw.data(), raw.size());
        return field;
      }
    }
    fail(ErrorKind::bad_data, "{}: a field of unknown wire type {}", source_, key & 7);
  }

 private:
  std::string_view take(std::uint64_t count) {
    check_data(count <= data_.size(), "{}: a field ends beyond its message", source_);
    const std::string_view bytes = data_.substr(0, count);
    data_.remove_prefix(count);
    return bytes;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    fail(ErrorKind::bad_data, "{}: a number of more than ten bytes", source_);
  }

  std::string_view data_;
  const std::string& source_;
};

void decode_summary(std::string_view data, const std::string& source, Event& event) {
  MessageReader summary(data, source);
  while (const auto field = summary.next()) {
    if (field->number != summary_value || field->type != WireType::bytes) {
      continue;
    }
    EventScalar scalar;
    bool has_value = false;
    MessageReader value(field->bytes, source);
    while (const auto part = value.next()) {
      if (part->number == value_tag && part->type == WireType::bytes) {
        scalar.tag = part->bytes;
      } else if (part->number == value_simple && part->type == WireType::fixed32) {
        scalar.value = std::bit_cast<float>(static_cast<std::uint32_t>(part->value));
        has_value = true;
      }
    }
    if (has_value) {
      event.scalars.push_back(std::move(scalar));
    }
  }
}

}  // namespace

std::string encode_event(const Event& event) {
  std::string out;
  append_key(out, event_wall_time, WireType::fixed64);
  append_raw(out, event.wall_time);
  if (event.step != 0) {
    append_key(out, event_step, WireType::varint);
    append_varint(out, static_cast<std::uint64_t>(event.step));
  }
  if (!event.file_version.empty()) {
    append_bytes(out, event_file_version, event.file_version);
  }
  std::string summary;
  for (const EventScalar& scalar : event.scalars) {
    std::string value;
    append_bytes(value, value_tag, scalar.tag);
    append_key(value, value_simple, WireType::fixed32);
    append_raw(value, scalar.value);
    append_bytes(summary, summary_value, value);
  }
  if (!summary.empty()) {
    append_bytes(out, event_summary, summary);
  }
  return out;
}

Event decode_event(std::string_view data, const std::string& source) {
  Event event;
  MessageReader message(data, source);
  while (const auto field = message.next()) {
    if (field->number == event_wall_time && field->type == WireType::fixed64) {
      event.wall_time = std::bit_cast<double>(field->value);
    } else if (field->number == event_step && field->type == WireType::varint) {
      event.step = static_cast<std::int64_t>(field->value);
    } else if (field->number == event_file_version && field->type == WireType::bytes) {
      event.file_version = field->bytes;
    } else if (field->number == event_summary && field->type == WireType::bytes) {
      decode_summary(field->bytes, source, event);
    }
  }
  return event;
}

}  // namespace heed
