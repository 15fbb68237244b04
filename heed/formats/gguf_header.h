// What stands at the beginning of a GGUF file: metadata, and where each tensor lies.
// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.
//
// Thread-safety: plain functions of their arguments, and constant objects.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "heed/formats/ggml_type.h"
#include "heed/tensor/shape.h"

namespace heed {

// Integers of all widths and booleans are one type here, and so are reals. Strings lie in the bytes
// that were parsed. Of arrays of arrays nothing is kept.
using GgufTexts = std::vector<std::string_view>;
using GgufIntegers = std::vector<std::int64_t>;
using GgufReals = std::vector<double>;
using GgufValue = std::variant<std::int64_t, double, std::string_view, GgufTexts, GgufIntegers,
                               GgufReals, std::monostate>;

struct GgufEntry {
  std::string name;
  GgmlType type = GgmlType::f32;
  Shape shape;              // outermost axis first, where the file has it last
  std::uint64_t begin = 0;  // bytes from the beginning of the file
  std::uint64_t end = 0;
};

class GgufHeader {
 public:
  // `bytes` are the whole file and must outlive the header. Everything is checked before it is
  // believed: counts and lengths against the bytes that are there, types, shapes whose products
  // overflow, tensors outside the file, repeated names. Errors (bad_data) name `source` and the
  // place, the key or the tensor.
  GgufHeader(std::string_view bytes, const std::string& source);

  const std::vector<GgufEntry>& entries() const { return entries_; }

  bool has(const std::string& key) const { return metadata_.contains(key); }
  // The value of a key, as what it is asked for as. Errors (bad_data): missing, of another type;
  // integer: outside [0, 2³¹).
  std::string_view text(const std::string& key) const;
  std::int64_t integer(const std::string& key) const;
  double real(const std::string& key) const;
  const GgufTexts& texts(const std::string& key) const;
  const GgufIntegers& integers(const std::string& key) const;
  const GgufReals& reals(const std::string& key) const;

 private:
  template <typename T>
  const T& get(const std::string& key, const char* type) const;

  std::string source_;
  std::map<std::string, GgufValue> metadata_;
  std::vector<GgufEntry> entries_;
};

}  // namespace heed
