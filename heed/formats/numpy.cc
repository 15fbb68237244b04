#include "heed/formats/numpy.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/formats/mapped_tensor.h"

namespace heed {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "\x93NUMPY"sv;
constexpr std::size_t header_limit = 1 << 16;
constexpr std::size_t alignment = 64;

struct NumpyType {
  std::string_view name;
  DType dtype;
};

constexpr std::array<NumpyType, 8> numpy_types{{{"<f8", DType::float64},
                                                {"<f4", DType::float32},
                                                {"<f2", DType::float16},
                                                {"<i8", DType::int64},
                                                {"<i4", DType::int32},
                                                {"|i1", DType::int8},
                                                {"|u1", DType::uint8},
                                                {"|b1", DType::boolean}}};

// The header's Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class DictionaryParser {
 public:
  DictionaryParser(std::string_view text, const std::string& source)
      : text_(text), source_(source) {}

  DType dtype() const { return *dtype_; }
  const std::vector<std::uint64_t>& sizes() const { return *sizes_; }

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted_word();
      expect(':');
      parse_value(key);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    require(position_ == text_.size(), "more after the dictionary");
    require(dtype_ && sizes_ && order_seen_, "descr, fortran_order or shape is missing");
  }

 private:
  void parse_value(std::string_view key) {
    if (key == "descr" && !dtype_) {
      parse_dtype();
    } else if (key == "fortran_order" && !order_seen_) {
      order_seen_ = true;
      skip_blanks();
      require(!text_.substr(position_).starts_with("True"),
              "Fortran order is not supported: save numpy.ascontiguousarray of it");
      require(text_.substr(position_).starts_with("False"), "fortran_order is not True or False");
      position_ += 5;
    } else if (key == "shape" && !sizes_) {
      parse_shape();
    } else {
      require(false, fmt::format("key {} is unknown or repeated", quoted_name(key).text()));
    }
  }

  void parse_dtype() {
    const std::string_view name = quoted_word();
    for (const NumpyType& type : numpy_types) {
      if (type.name == name) {
        dtype_ = type.dtype;
      }
    }
    require(dtype_.has_value(), fmt::format("type {} is not supported{}", quoted_name(name).text(),
                                            name.starts_with('>') ? " (big-endian)" : ""));
  }

  void parse_shape() {
    sizes_.emplace();
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      std::uint64_t size = 0;
      const char* const end = text_.data() + text_.size();
      const auto [next, error] = std::from_chars(text_.data() + position_, end, size);
      require(error == std::errc{}, "a size in the shape is not a number that fits");
      position_ = static_cast<std::size_t>(next - text_.data());
      require(sizes_->size() < Shape::max_rank,
              fmt::format("more than {} axes", static_cast<int>(Shape::max_rank)));
      sizes_->push_back(size);
      if (!accept(',')) {
        require(sizes_->size() > 1, "a shape of one axis needs a comma");
        expect(')');
        break;
      }
    }
  }

  std::string_view quoted_word() {
    skip_blanks();
    const char mark = position_ < text_.size() ? text_[position_] : '\0';
    require(mark == '\'' || mark == '"', "a quoted word is missing");
    const std::size_t end = text_.find(mark, position_ + 1);
    require(end != std::string_view::npos, "a quoted word does not end");
    const std::string_view word = text_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
    return word;
  }

  void skip_blanks() {
    while (position_ < text_.size() && " \t\n"sv.find(text_[position_]) != " \t\n"sv.npos) {
      ++position_;
    }
  }
  bool accept(char wanted) {
    skip_blanks();
    const bool found = position_ < text_.size() && text_[position_] == wanted;
    position_ += found ? 1 : 0;
    return found;
  }
  void expect(char wanted) { require(accept(wanted), fmt::format("'{}' is missing", wanted)); }
  void require(bool condition, const std::string& problem) const {
    check_data(condition, "{}: the NumPy header near byte {}: {}", source_, position_, problem);
  }

  std::string_view text_;
  const std::string& source_;
  std::size_t position_ = 0;
  std::optional<DType> dtype_;
  std::optional<std::vector<std::uint64_t>> sizes_;
  bool order_seen_ = false;
};

// Where the header's text begins, and its length.
struct HeaderPlace {
  std::size_t begin = 0;
  std::size_t size = 0;
};

HeaderPlace find_header(std::span<const std::byte> bytes, const std::string& source) {
  check_data(bytes.size() >= 12 && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0,
             "{}: not a NumPy array file", source);
  const int version = static_cast<int>(bytes[6]);
  check_data(version >= 1 && version <= 3 && bytes[7] == std::byte{0},
             "{}: NumPy format {}.{} is not known", source, version, static_cast<int>(bytes[7]));
  HeaderPlace place{version == 1 ? std::size_t{10} : std::size_t{12}, 0};
  std::memcpy(&place.size, bytes.data() + 8, place.begin - 8);
  check_data(place.size <= header_limit && place.size <= bytes.size() - place.begin,
             "{}: a NumPy header of {} bytes in a file of {}; the file may be cut off", source,
             place.size, bytes.size());
  return place;
}

std::string header_text(const Tensor& tensor, const std::string& name) {
  std::string_view type;
  for (const NumpyType& candidate : numpy_types) {
    type = candidate.dtype == tensor.dtype() ? candidate.name : type;
  }
  check_usage(!type.empty(), "{}: NumPy has no {}: convert to float32 first", name,
              name_of(tensor.dtype()));
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type,
                  fmt::join(tensor.shape().sizes(), ", "), tensor.rank() == 1 ? "," : "");
  const std::size_t total = (10 + text.size() + 1 + alignment - 1) / alignment * alignment;
  text.resize(total - 10 - 1, ' ');
  return text + "\n";
}

}  // namespace

Tensor read_npy(const std::filesystem::path& path, Device device) {
  const auto file = std::make_shared<const MappedFile>(path);
  const std::span<const std::byte> bytes = file->bytes();
  const std::string source = path.string();
  const HeaderPlace place = find_header(bytes, source);
  DictionaryParser header({reinterpret_cast<const char*>(bytes.data()) + place.begin, place.size},
                          source);
  header.parse();
  const std::size_t data_begin = place.begin + place.size;
  const auto byte_count = checked_byte_count(header.sizes(), header.dtype());
  check_data(byte_count == bytes.size() - data_begin,
             "{}: {} [{}] does not take the {} bytes that follow the header", source,
             name_of(header.dtype()), header.sizes(), bytes.size() - data_begin);
  const Shape shape(std::vector<std::int64_t>(header.sizes().begin(), header.sizes().end()));
  return tensor_over_mapping(file, data_begin, shape, header.dtype(), device, {path});
}

std::string npy_bytes(const Tensor& tensor, const std::string& name) {
  const std::string text = header_text(tensor, name);
  const Tensor dense = tensor.contiguous() ? tensor : tensor.clone();
  const auto text_size = static_cast<std::uint16_t>(text.size());
  std::string bytes(magic);
  bytes += "\x01\x00"sv;
  bytes.append(reinterpret_cast<const char*>(&text_size), sizeof text_size);
  bytes += text;
  bytes.append(reinterpret_cast<const char*>(dense.view().data),
               static_cast<std::size_t>(dense.element_count()) * element_size(dense.dtype()));
  return bytes;
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  write_file_atomically(path, npy_bytes(tensor, path.string()));
}

}  // namespace heed
