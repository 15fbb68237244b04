#include "heed/formats/ggml_type.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "heed/base/error.h"

namespace heed {

namespace {

struct TypeDetails {
  GgmlType type;
  const char* name;
  GgmlBlock block;
};
constexpr std::int64_t block_numbers = 32;
constexpr TypeDetails known_types[] = {{GgmlType::f32, "F32", {1, 4}},
                                       {GgmlType::f16, "F16", {1, 2}},
                                       {GgmlType::bf16, "BF16", {1, 2}},
                                       {GgmlType::q8_0, "Q8_0", {block_numbers, 34}},
                                       {GgmlType::q4_0, "Q4_0", {block_numbers, 18}},
                                       {GgmlType::q4_1, "Q4_1", {block_numbers, 20}}};

const TypeDetails* details_of(std::uint32_t type) {
  for (const TypeDetails& details : known_types) {
    if (static_cast<std::uint32_t>(details.type) == type) {
      return &details;
    }
  }
  return nullptr;
}

float half_at(const std::byte* at) {
  std::uint16_t bits;
  std::memcpy(&bits, at, sizeof bits);
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16u;
  const std::uint32_t exponent = bits >> 10u & 31u;
  const std::uint32_t fraction = bits & 1023u;
  if (exponent == 0) {
    const float size = std::ldexp(static_cast<float>(fraction), -24);
    return sign == 0 ? size : -size;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23u | fraction << 13u);
}

void unpack_bytes(const std::byte* block, float* numbers) {
  const float scale = half_at(block);
  for (std::int64_t j = 0; j < block_numbers; ++j) {
    numbers[j] = scale * static_cast<float>(static_cast<std::int8_t>(block[2 + j]));
  }
}

void unpack_halves(const std::byte* halves, float scale, float offset, float* numbers) {
  for (std::int64_t j = 0; j < block_numbers / 2; ++j) {
    const auto pair = std::to_integer<unsigned>(halves[j]);
    numbers[j] = scale * static_cast<float>(pair & 15u) + offset;
    numbers[j + block_numbers / 2] = scale * static_cast<float>(pair >> 4u) + offset;
  }
}

}  // namespace

bool is_known_ggml_type(std::uint32_t type) {
  return details_of(type) != nullptr;
}

std::string name_of_ggml_type(std::uint32_t type) {
  static const std::map<std::uint32_t, const char*> others = {
      {6, "Q5_0"},    {7, "Q5_1"},     {9, "Q8_1"},   {10, "Q2_K"},   {11, "Q3_K"},
      {12, "Q4_K"},   {13, "Q5_K"},    {14, "Q6_K"},  {15, "Q8_K"},   {16, "IQ2_XXS"},
      {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"},
      {22, "IQ2_S"},  {23, "IQ4_XS"},  {24, "I8"},    {25, "I16"},    {26, "I32"},
      {27, "I64"},    {28, "F64"},     {29, "IQ1_M"}, {34, "TQ1_0"},  {35, "TQ2_0"},
      {39, "MXFP4"}};
  if (const TypeDetails* details = details_of(type)) {
    return details->name;
  }
  const auto other = others.find(type);
  return other != others.end() ? other->second : "type " + std::to_string(type);
}

std::string known_ggml_types() {
  std::string names;
  for (const TypeDetails& details : known_types) {
    names += (names.empty() ? "" : ", ") + std::string(details.name);
  }
  return names;
}

GgmlBlock block_of(GgmlType type) {
  return details_of(static_cast<std::uint32_t>(type))->block;
}

DType plain_dtype_of(GgmlType type) {
  check(!is_in_blocks(type), "{} is no plain type",
        name_of_ggml_type(static_cast<std::uint32_t>(type)));
  return type == GgmlType::f32   ? DType::float32
         : type == GgmlType::f16 ? DType::float16
                                 : DType::bfloat16;
}

void unpack_blocks(GgmlType type, std::span<const std::byte> bytes, std::span<float> numbers) {
  const GgmlBlock block = block_of(type);
  check(numbers.size() % block_numbers == 0 &&
            bytes.size() == numbers.size() / block_numbers * static_cast<std::size_t>(block.bytes),
        "{} numbers in {} bytes of blocks", numbers.size(), bytes.size());
  const std::byte* at = bytes.data();
  for (std::size_t i = 0; i < numbers.size(); i += block_numbers) {
    if (type == GgmlType::q8_0) {
      unpack_bytes(at, &numbers[i]);
    } else if (type == GgmlType::q4_0) {
      const float scale = half_at(at);
      unpack_halves(at + 2, scale, -8 * scale, &numbers[i]);
    } else {
      unpack_halves(at + 4, half_at(at), half_at(at + 2), &numbers[i]);
    }
    at += block.bytes;
  }
}

}  // namespace heed
