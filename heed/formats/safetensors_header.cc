#include "heed/formats/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/formats/mapped_tensor.h"

namespace heed {

namespace {

struct SafetensorsType {
  std::string_view name;
  DType dtype;
};

constexpr std::array<SafetensorsType, 9> safetensors_types{{{"F64", DType::float64},
                                                            {"F32", DType::float32},
                                                            {"F16", DType::float16},
                                                            {"BF16", DType::bfloat16},
                                                            {"I64", DType::int64},
                                                            {"I32", DType::int32},
                                                            {"I8", DType::int8},
                                                            {"U8", DType::uint8},
                                                            {"BOOL", DType::boolean}}};

std::optional<DType> dtype_named(std::string_view name) {
  for (const SafetensorsType& type : safetensors_types) {
    if (type.name == name) {
      return type.dtype;
    }
  }
  return std::nullopt;
}

std::string_view safetensors_name(DType dtype) {
  for (const SafetensorsType& type : safetensors_types) {
    if (type.dtype == dtype) {
      return type.name;
    }
  }
  fail(ErrorKind::failure, "safetensors: {} cannot be stored", name_of(dtype));
}

// Reads the header event by event, so that nothing but the four known levels is ever built.
class HeaderParser final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderParser(const std::string& source) : source_(source) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("true or false"); }
  bool number_integer(number_integer_t) override { unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { unexpected("a fraction"); }
  bool binary(binary_t&) override { unexpected("binary data"); }
  bool number_unsigned(number_unsigned_t value) override;
  bool string(string_t& value) override;
  bool start_object(std::size_t) override;
  bool key(string_t& name) override;
  bool end_object() override;
  bool start_array(std::size_t) override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail(ErrorKind::bad_data, "{}: invalid JSON near byte {} of the header", source_, position);
  }

 private:
  enum class Place { start, tensors, metadata, tensor, shape, offsets, done };

  bool in_tensor() const { return place_ >= Place::tensor && place_ <= Place::offsets; }
  // For messages, and made when one is.
  struct Where {
    const HeaderParser& parser;
    std::string text() const {
      return parser.in_tensor() ? fmt::format("{}: tensor {}", parser.source_,
                                              quoted_name(parser.entry_.name).text())
                                : parser.source_;
    }
  };
  Where where() const { return {*this}; }
  [[noreturn]] void unexpected(std::string_view what) const;
  void tensor_key(const std::string& name);
  void start_tensor();
  void finish_tensor();

  const std::string& source_;
  SafetensorsHeader header_;
  std::unordered_set<std::string> names_;
  Place place_ = Place::start;
  std::string key_;
  SafetensorsEntry entry_;
  std::vector<std::uint64_t> sizes_;
  std::vector<std::uint64_t> offsets_;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
};

void HeaderParser::unexpected(std::string_view what) const {
  switch (place_) {
    case Place::tensors:
      fail(ErrorKind::bad_data, "{}: {}: expected an object, got {}", source_, quoted_name(key_),
           what);
    case Place::metadata:
      fail(ErrorKind::bad_data, "{}: __metadata__: {}: expected text, got {}", source_,
           quoted_name(key_), what);
    case Place::tensor:
      fail(ErrorKind::bad_data, "{}: {}: {} where it does not belong", where(), quoted_name(key_),
           what);
    case Place::shape:
    case Place::offsets:
      fail(ErrorKind::bad_data, "{}: {}: expected integers from 0, got {}", where(),
           quoted_name(key_), what);
    default:
      fail(ErrorKind::bad_data, "{}: the header is not a JSON object, it starts with {}", source_,
           what);
  }
}

bool HeaderParser::number_unsigned(number_unsigned_t value) {
  if (place_ == Place::shape) {
    check_data(sizes_.size() < Shape::max_rank, "{}: more than {} axes", where(),
               static_cast<int>(Shape::max_rank));
    sizes_.push_back(value);
  } else if (place_ == Place::offsets) {
    check_data(offsets_.size() < 2, "{}: more than two data_offsets", where());
    offsets_.push_back(value);
  } else {
    unexpected("a number");
  }
  return true;
}

bool HeaderParser::string(string_t& value) {
  if (place_ == Place::metadata) {
    header_.metadata[key_] = std::move(value);
  } else if (place_ == Place::tensor && key_ == "dtype") {
    const auto dtype = dtype_named(value);
    check_data(dtype.has_value(), "{}: dtype {} is not supported", where(), quoted_name(value));
    entry_.dtype = *dtype;
  } else {
    unexpected("text");
  }
  return true;
}

bool HeaderParser::start_object(std::size_t) {
  if (place_ == Place::start) {
    place_ = Place::tensors;
  } else if (place_ == Place::tensors && key_ == "__metadata__") {
    place_ = Place::metadata;
  } else if (place_ == Place::tensors) {
    start_tensor();
  } else {
    unexpected("an object");
  }
  return true;
}

bool HeaderParser::key(string_t& name) {
  if (place_ == Place::tensor) {
    tensor_key(name);
  } else if (place_ == Place::metadata) {
    check_data(!header_.metadata.contains(name), "{}: __metadata__: duplicate key {}", source_,
               quoted_name(name));
  } else {
    check_data(name.size() <= safetensors_name_limit,
               "{}: tensor {}: a name of {} bytes, at most {} are allowed", source_,
               quoted_name(name), name.size(), safetensors_name_limit);
    check_data(names_.insert(name).second, "{}: tensor {}: appears twice", source_,
               quoted_name(name));
  }
  key_ = name;
  return true;
}

void HeaderParser::tensor_key(const std::string& name) {
  bool* const seen = name == "dtype"          ? &has_dtype_
                     : name == "shape"        ? &has_shape_
                     : name == "data_offsets" ? &has_offsets_
                                              : nullptr;
  check_data(seen != nullptr, "{}: unknown key {}", where(), quoted_name(name));
  check_data(!*seen, "{}: duplicate key {}", where(), quoted_name(name));
  *seen = true;
}

bool HeaderParser::end_object() {
  if (place_ == Place::tensor) {
    finish_tensor();
    place_ = Place::tensors;
  } else {
    place_ = place_ == Place::metadata ? Place::tensors : Place::done;
  }
  return true;
}

bool HeaderParser::start_array(std::size_t) {
  if (place_ == Place::tensor && key_ == "shape") {
    place_ = Place::shape;
  } else if (place_ == Place::tensor && key_ == "data_offsets") {
    place_ = Place::offsets;
  } else {
    unexpected("a list");
  }
  return true;
}

bool HeaderParser::end_array() {
  place_ = Place::tensor;
  return true;
}

void HeaderParser::start_tensor() {
  check_data(header_.entries.size() < safetensors_tensor_limit,
             "{}: more than {} tensors, which are too many", source_, safetensors_tensor_limit);
  place_ = Place::tensor;
  entry_ = {};
  entry_.name = key_;
  sizes_.clear();
  offsets_.clear();
  has_dtype_ = has_shape_ = has_offsets_ = false;
}

void HeaderParser::finish_tensor() {
  check_data(has_dtype_ && has_shape_ && has_offsets_, "{}: {} is missing", where(),
             !has_dtype_   ? "dtype"
             : !has_shape_ ? "shape"
                           : "data_offsets");
  check_data(offsets_.size() == 2 && offsets_[0] <= offsets_[1],
             "{}: data_offsets [{}] are not a begin and an end", where(), offsets_);
  const auto byte_count = checked_byte_count(sizes_, entry_.dtype);
  check_data(byte_count.has_value(), "{}: shape [{}] is too large", where(), sizes_);
  entry_.begin = offsets_[0];
  entry_.end = offsets_[1];
  check_data(entry_.end - entry_.begin == *byte_count,
             "{}: {} [{}] takes {} bytes, but data_offsets [{}, {}] give it {}", where(),
             name_of(entry_.dtype), sizes_, *byte_count, entry_.begin, entry_.end,
             entry_.end - entry_.begin);
  entry_.shape = Shape(std::vector<std::int64_t>(sizes_.begin(), sizes_.end()));
  header_.entries.push_back(std::move(entry_));
}

// Sorts the entries by their bytes, which must follow one another without holes to the end.
void check_coverage(std::vector<SafetensorsEntry>& entries, std::uint64_t data_bytes,
                    const std::string& source) {
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t position = 0;
  for (const SafetensorsEntry& entry : entries) {
    check_data(entry.end <= data_bytes,
               "{}: tensor {}: its data ends at byte {} of {}; the file may be cut off", source,
               quoted_name(entry.name), entry.end, data_bytes);
    check_data(entry.begin >= position, "{}: tensor {}: overlaps the tensor before it", source,
               quoted_name(entry.name));
    check_data(entry.begin == position, "{}: tensor {}: {} bytes before it belong to no tensor",
               source, quoted_name(entry.name), entry.begin - position);
    position = entry.end;
  }
  check_data(position == data_bytes, "{}: {} bytes after the last tensor belong to no tensor",
             source, data_bytes - position);
}

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump();
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes,
                                           const std::string& source) {
  // The JSON parser would skip a byte order mark and blanks.
  check_data(text.starts_with('{'), "{}: the header is not a JSON object", source);
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "{}: invalid UTF-8 at byte {} of the header", source, invalid.value_or(0));
  // The parser would take a NUL for the end of the text.
  check_data(text.find('\0') == std::string_view::npos, "{}: invalid JSON: a NUL in the header",
             source);
  HeaderParser parser(source);
  check_data(nlohmann::json::sax_parse(text, &parser), "{}: invalid JSON in the header", source);
  SafetensorsHeader header = parser.take();
  check_coverage(header.entries, data_bytes, source);
  return header;
}

std::string safetensors_header_text(const SafetensorsHeader& header) {
  std::string text = "{";
  const auto separate = [&] { text += text.size() > 1 ? "," : ""; };
  if (!header.metadata.empty()) {
    text += "\"__metadata__\":{";
    std::string_view separator;
    for (const auto& [key, value] : header.metadata) {
      text += fmt::format("{}{}:{}", separator, json_text(key), json_text(value));
      separator = ",";
    }
    text += "}";
  }
  for (const SafetensorsEntry& entry : header.entries) {
    separate();
    text += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                        json_text(entry.name), safetensors_name(entry.dtype),
                        fmt::join(entry.shape.sizes(), ","), entry.begin, entry.end);
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace heed
