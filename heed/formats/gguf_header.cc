#include "heed/formats/gguf_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

#include "heed/base/error.h"
#include "heed/formats/byte_reader.h"
#include "heed/formats/mapped_tensor.h"

namespace heed {

namespace {

enum ValueType : std::uint32_t {
  type_u8,
  type_i8,
  type_u16,
  type_i16,
  type_u32,
  type_i32,
  type_f32,
  type_bool,
  type_text,
  type_array,
  type_u64,
  type_i64,
  type_f64
};

constexpr int nesting_limit = 4;  // of arrays; those in use have none

// The bytes that a value takes at least.
std::uint64_t least_size(std::uint32_t type) {
  constexpr std::array<std::uint64_t, 13> sizes = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
  return sizes[type];
}

std::string_view read_text(ByteReader& reader, const char* what) {
  return reader.take(reader.read<std::uint64_t>(what), what);
}

std::uint32_t read_type(ByteReader& reader) {
  const std::size_t place = reader.place();
  const auto type = reader.read<std::uint32_t>("the type of a value");
  check_data(type <= type_f64, "{}: byte {}: a value of type {}, which GGUF does not have",
             reader.source(), place, type);
  return type;
}

std::int64_t read_integer(ByteReader& reader, std::uint32_t type) {
  constexpr const char* what = "an integer";
  switch (type) {
    case type_u8:
    case type_bool:
      return reader.read<std::uint8_t>(what);
    case type_i8:
      return reader.read<std::int8_t>(what);
    case type_u16:
      return reader.read<std::uint16_t>(what);
    case type_i16:
      return reader.read<std::int16_t>(what);
    case type_u32:
      return reader.read<std::uint32_t>(what);
    case type_i32:
      return reader.read<std::int32_t>(what);
    default:  // beyond 2⁶³ nobody counts: what is left is refused by its users
      return reader.read<std::int64_t>(what);
  }
}

double read_real(ByteReader& reader, std::uint32_t type) {
  return type == type_f32 ? static_cast<double>(reader.read<float>("a number"))
                          : reader.read<double>("a number");
}

GgufValue read_array(ByteReader& reader, int depth);

GgufValue read_value(ByteReader& reader, std::uint32_t type, int depth) {
  switch (type) {
    case type_text:
      return read_text(reader, "a string");
    case type_array:
      return read_array(reader, depth + 1);
    case type_f32:
    case type_f64:
      return read_real(reader, type);
    default:
      return read_integer(reader, type);
  }
}

template <typename T, typename Read>
std::vector<T> read_all(std::uint64_t count, Read&& read) {
  std::vector<T> values;
  values.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    values.push_back(read());
  }
  return values;
}

GgufValue read_array(ByteReader& reader, int depth) {
  check_data(depth <= nesting_limit, "{}: byte {}: arrays in arrays, deeper than {}",
             reader.source(), reader.place(), nesting_limit);
  const std::uint32_t type = read_type(reader);
  const auto count = reader.read<std::uint64_t>("the length of an array");
  check_data(count <= reader.left() / least_size(type),
             "{}: byte {}: an array of {} values, more than the {} bytes that are left can hold",
             reader.source(), reader.place(), count, reader.left());
  switch (type) {
    case type_text:
      return read_all<std::string_view>(count, [&] { return read_text(reader, "a string"); });
    case type_array:
      for (std::uint64_t i = 0; i < count; ++i) {
        read_array(reader, depth + 1);
      }
      return std::monostate();
    case type_f32:
    case type_f64:
      return read_all<double>(count, [&] { return read_real(reader, type); });
    default:
      return read_all<std::int64_t>(count, [&] { return read_integer(reader, type); });
  }
}

// Sizes as the file has them, innermost first → the shape, outermost first.
Shape shape_of(std::span<const std::uint64_t> sizes) {
  std::vector<std::int64_t> result;
  for (const std::uint64_t size : sizes) {
    result.insert(result.begin(), static_cast<std::int64_t>(size));
  }
  return Shape(result);
}

// Of the tensor's data; nothing when it overflows.
std::optional<std::uint64_t> byte_count(std::span<const std::uint64_t> sizes, GgmlType type) {
  const auto numbers = checked_byte_count(sizes, DType::int8);
  const GgmlBlock block = block_of(type);
  const auto width = static_cast<std::uint64_t>(block.bytes);
  const auto blocks = numbers.value_or(0) / static_cast<std::uint64_t>(block.numbers);
  return !numbers || blocks > std::numeric_limits<std::int64_t>::max() / width
             ? std::nullopt
             : std::optional(blocks * width);
}

GgufEntry read_entry(ByteReader& reader) {
  GgufEntry entry;
  const std::string_view name = read_text(reader, "the name of a tensor");
  const std::string& source = reader.source();
  const auto axes = reader.read<std::uint32_t>("the number of axes");
  check_data(axes <= 4, "{}: tensor {}: {} axes, GGUF has 4 at most", source, quoted_name(name),
             axes);
  std::vector<std::uint64_t> sizes;
  for (std::uint32_t axis = 0; axis < axes; ++axis) {
    sizes.push_back(reader.read<std::uint64_t>("a size"));
  }
  const auto type = reader.read<std::uint32_t>("a type");
  check_data(is_known_ggml_type(type), "{}: tensor {} is stored as {}; heed reads {}", source,
             quoted_name(name), name_of_ggml_type(type), known_ggml_types());
  entry.type = static_cast<GgmlType>(type);
  const auto block = static_cast<std::uint64_t>(block_of(entry.type).numbers);
  const auto bytes = byte_count(sizes, entry.type);
  check_data(bytes.has_value(), "{}: tensor {}: its sizes overflow", source, quoted_name(name));
  check_data(sizes.empty() ? block == 1 : sizes.front() % block == 0,
             "{}: tensor {}: its rows are no whole blocks of {} numbers", source, quoted_name(name),
             block);
  entry.name = name;
  entry.shape = shape_of(sizes);
  entry.begin = reader.read<std::uint64_t>("an offset");
  entry.end = *bytes;  // for now
  return entry;
}

// Offsets of the data as they stand → bytes of the file.
void place_entry(GgufEntry& entry, std::uint64_t data, std::uint64_t file, std::uint64_t alignment,
                 const std::string& source) {
  const std::uint64_t bytes = entry.end;
  check_data(entry.begin % alignment == 0, "{}: tensor {}: offset {} is no multiple of {}", source,
             quoted_name(entry.name), entry.begin, alignment);
  check_data(data <= file && entry.begin <= file - data && bytes <= file - data - entry.begin,
             "{}: tensor {}: {} bytes at offset {} lie outside the file", source,
             quoted_name(entry.name), bytes, entry.begin);
  entry.begin += data;
  entry.end = entry.begin + bytes;
}

}  // namespace

GgufHeader::GgufHeader(std::string_view bytes, const std::string& source) : source_(source) {
  ByteReader reader(bytes, source_);
  check_data(bytes.starts_with("GGUF"), "{}: is no GGUF file: it does not begin with GGUF", source);
  reader.take(4, "the name of the format");
  const auto version = reader.read<std::uint32_t>("the version");
  check_data(version == 2 || version == 3, "{}: GGUF version {}: heed reads 2 and 3", source,
             version);
  const auto tensors = reader.read<std::uint64_t>("the number of tensors");
  const auto keys = reader.read<std::uint64_t>("the number of keys");
  constexpr std::uint64_t least_entry = 24, least_key = 13;
  check_data(keys <= reader.left() / least_key && tensors <= reader.left() / least_entry,
             "{}: {} keys and {} tensors, more than its {} bytes can hold", source, keys, tensors,
             bytes.size());
  for (std::uint64_t i = 0; i < keys; ++i) {
    const std::string key(read_text(reader, "a key"));
    const std::uint32_t type = read_type(reader);
    check_data(metadata_.emplace(key, read_value(reader, type, 0)).second,
               "{}: the key {} stands there twice", source, quoted_name(key));
  }
  std::unordered_set<std::string> names;
  for (std::uint64_t i = 0; i < tensors; ++i) {
    entries_.push_back(read_entry(reader));
    check_data(names.insert(entries_.back().name).second, "{}: tensor {} stands there twice",
               source, quoted_name(entries_.back().name));
  }
  const std::int64_t alignment = has("general.alignment") ? integer("general.alignment") : 32;
  check_data(alignment > 0 && alignment <= 1 << 20 && alignment % 8 == 0,
             "{}: general.alignment {}: expected a multiple of 8", source, alignment);
  const auto step = static_cast<std::uint64_t>(alignment);
  const std::uint64_t data = (reader.place() + step - 1) / step * step;
  for (GgufEntry& entry : entries_) {
    place_entry(entry, data, bytes.size(), step, source);
  }
}

template <typename T>
const T& GgufHeader::get(const std::string& key, const char* type) const {
  const auto found = metadata_.find(key);
  check_data(found != metadata_.end(), "{}: has no key {}", source_, key);
  const T* value = std::get_if<T>(&found->second);
  check_data(value != nullptr, "{}: {}: expected {}", source_, key, type);
  return *value;
}

std::string_view GgufHeader::text(const std::string& key) const {
  return get<std::string_view>(key, "a string");
}

std::int64_t GgufHeader::integer(const std::string& key) const {
  const auto value = get<std::int64_t>(key, "an integer");
  check_data(value >= 0 && value <= std::numeric_limits<std::int32_t>::max(),
             "{}: {}: {} is out of range", source_, key, value);
  return value;
}

double GgufHeader::real(const std::string& key) const {
  return get<double>(key, "a number");
}

const GgufTexts& GgufHeader::texts(const std::string& key) const {
  return get<GgufTexts>(key, "an array of strings");
}

const GgufIntegers& GgufHeader::integers(const std::string& key) const {
  return get<GgufIntegers>(key, "an array of integers");
}

const GgufReals& GgufHeader::reals(const std::string& key) const {
  return get<GgufReals>(key, "an array of numbers");
}

}  // namespace heed
