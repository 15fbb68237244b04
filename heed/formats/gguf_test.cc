#include "heed/formats/gguf.h"

#include <gmock/gmock.h>

#include <functional>

#include "heed/base/error.h"
#include "heed/formats/gguf_header.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Builds a file piece by piece.
class GgufText {
 public:
  template <typename T>
  GgufText& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  GgufText& text(std::string_view value) {
    number<std::uint64_t>(value.size());
    bytes_ += value;
    return *this;
  }
  GgufText& head(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
    bytes_ = "GGUF";
    return number(version).number(tensors).number(keys);
  }
  // A tensor's entry.
  GgufText& tensor(std::string_view name, std::initializer_list<std::uint64_t> sizes,
                   std::uint32_t type, std::uint64_t offset) {
    text(name).number(static_cast<std::uint32_t>(sizes.size()));
    for (const std::uint64_t size : sizes) {
      number(size);
    }
    return number(type).number(offset);
  }
  GgufText& data(std::size_t count) {
    bytes_.resize((bytes_.size() + 31) / 32 * 32 + count, '\1');
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string refusal_of(const GgufText& file) {
  try {
    const GgufHeader header(file.bytes(), "x.gguf");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    return error.what();
  }
  return "none";
}

TEST(GgufHeader, ReadsKeysAndPlaces) {
  GgufText file;
  file.head(2, 5);
  file.text("a").number<std::uint32_t>(8).text("word");
  file.text("b").number<std::uint32_t>(4).number<std::uint32_t>(7);
  file.text("c").number<std::uint32_t>(6).number(0.5f);
  file.text("d").number<std::uint32_t>(9).number<std::uint32_t>(8).number<std::uint64_t>(2);
  file.text("x").text("yz");
  file.text("e").number<std::uint32_t>(9).number<std::uint32_t>(1).number<std::uint64_t>(2);
  file.number<std::int8_t>(-3).number<std::int8_t>(4);
  file.tensor("w", {3, 2}, 0, 0).tensor("q", {64, 5}, 8, 32).data(32 + 340);
  const GgufHeader header(file.bytes(), "x.gguf");
  EXPECT_EQ(header.text("a"), "word");
  EXPECT_EQ(header.integer("b"), 7);
  EXPECT_EQ(header.real("c"), 0.5);
  EXPECT_THAT(header.texts("d"), ElementsAre("x", "yz"));
  EXPECT_THAT(header.integers("e"), ElementsAre(-3, 4));
  ASSERT_EQ(header.entries().size(), 2u);
  EXPECT_EQ(header.entries()[0].shape, Shape({2, 3}));
  EXPECT_EQ(header.entries()[1].shape, Shape({5, 64}));
  EXPECT_EQ(header.entries()[1].begin - header.entries()[0].begin, 32u);
  EXPECT_EQ(header.entries()[1].end, file.bytes().size());
  EXPECT_THROW(header.integer("a"), Error);
  EXPECT_THROW(header.text("missing"), Error);
}

TEST(GgufHeader, RefusesWhatAFileOnlyClaims) {
  GgufText file;
  file.head(0, std::uint64_t{1} << 60);
  EXPECT_THAT(refusal_of(file), HasSubstr("more than its 24 bytes can hold"));
  file.head(std::uint64_t{1} << 62, 0);
  EXPECT_THAT(refusal_of(file), HasSubstr("tensors, more than its"));
  file.head(0, 1).number(std::uint64_t{1} << 60).data(64);
  EXPECT_THAT(refusal_of(file), HasSubstr("a key takes 1152921504606846976 bytes"));
  file.head(0, 1).text("a").number<std::uint32_t>(8).number(std::uint64_t{1} << 60).data(64);
  EXPECT_THAT(refusal_of(file), HasSubstr("a string takes 1152921504606846976 bytes"));
  file.head(0, 1).text("a").number<std::uint32_t>(9).number<std::uint32_t>(4);
  file.number(std::uint64_t{1} << 60).data(64);
  EXPECT_THAT(refusal_of(file), HasSubstr("an array of 1152921504606846976 values"));
  file.head(0, 1).text("a").number<std::uint32_t>(77).data(64);
  EXPECT_THAT(refusal_of(file), HasSubstr("a value of type 77"));
  file.head(0, 0, 1).data(64);
  EXPECT_THAT(refusal_of(file), HasSubstr("GGUF version 1: heed reads 2 and 3"));
}

TEST(GgufHeader, RefusesArraysThatAreNestedWithoutEnd) {
  GgufText file;
  file.head(0, 1).text("a").number<std::uint32_t>(9);
  for (int i = 0; i < 1000; ++i) {
    file.number<std::uint32_t>(9).number<std::uint64_t>(1);
  }
  file.number<std::uint32_t>(4).number<std::uint64_t>(0).data(64);
  EXPECT_THAT(refusal_of(file), HasSubstr("arrays in arrays, deeper than 4"));
}

TEST(GgufHeader, RefusesTensorsThatAreNotThere) {
  const auto refusal = [](const std::function<void(GgufText&)>& tensors, std::uint64_t count = 1) {
    GgufText file;
    file.head(count, 0);
    tensors(file);
    return refusal_of(file.data(64));
  };
  EXPECT_THAT(refusal([](GgufText& file) { file.tensor("w", {17}, 0, 0); }),
              HasSubstr("tensor \"w\": 68 bytes at offset 0 lie outside the file"));
  EXPECT_THAT(refusal([](GgufText& file) { file.tensor("w", {1}, 0, ~std::uint64_t{31}); }),
              HasSubstr("lie outside the file"));
  EXPECT_THAT(refusal([](GgufText& file) {
                file.tensor("w", {1u << 31, 1u << 31, 4}, 0, 0);
              }),
              HasSubstr("its sizes overflow"));
  EXPECT_THAT(refusal([](GgufText& file) { file.tensor("w", {1}, 0, 3); }),
              HasSubstr("offset 3 is no multiple of 32"));
  EXPECT_THAT(refusal([](GgufText& file) { file.tensor("w", {33}, 8, 0); }),
              HasSubstr("no whole blocks of 32"));
  EXPECT_THAT(refusal([](GgufText& file) { file.tensor("w", {256}, 12, 0); }),
              HasSubstr("is stored as Q4_K; heed reads F32, F16, BF16, Q8_0, Q4_0, Q4_1"));
  EXPECT_THAT(refusal([](GgufText& file) {
                file.tensor("w", {1, 1, 1, 1, 1}, 0, 0);
              }),
              HasSubstr("5 axes"));
  EXPECT_THAT(refusal([](GgufText& f) { f.tensor("w", {1}, 0, 0).tensor("w", {1}, 0, 32); }, 2),
              HasSubstr("stands there twice"));
}

TEST(GgmlType, BlocksAreUnpacked) {
  const auto unpacked = [](GgmlType type, std::vector<unsigned> head, unsigned each) {
    std::vector<std::byte> bytes;
    for (const unsigned byte : head) {
      bytes.push_back(static_cast<std::byte>(byte));
    }
    bytes.resize(static_cast<std::size_t>(block_of(type).bytes), static_cast<std::byte>(each));
    std::vector<float> numbers(32);
    unpack_blocks(type, bytes, numbers);
    return std::vector<float>{numbers[0], numbers[15], numbers[16], numbers[31]};
  };
  // 0x3800 is 0.5, 0xC000 −2, 0x0001 2⁻²⁴.
  EXPECT_THAT(unpacked(GgmlType::q8_0, {0x00, 0x38}, 0xFD), ElementsAre(-1.5, -1.5, -1.5, -1.5));
  EXPECT_THAT(unpacked(GgmlType::q4_0, {0x00, 0x38}, 0x9A), ElementsAre(1, 1, 0.5, 0.5));
  EXPECT_THAT(unpacked(GgmlType::q4_1, {0x00, 0x38, 0x00, 0xC0}, 0x21),
              ElementsAre(-1.5, -1.5, -1, -1));
  EXPECT_THAT(unpacked(GgmlType::q8_0, {0x01, 0x00}, 0x01)[0], 0x1p-24f);
}

}  // namespace
}  // namespace heed
