#include "heed/formats/safetensors_header.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/formats/test_files.h"

namespace heed {
namespace {

using testing::HasSubstr;

std::string problem_of(const std::string& text, std::uint64_t data_bytes) {
  const Error error = error_of([&] { parse_safetensors_header(text, data_bytes, "x.st"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
  EXPECT_TRUE(std::string(error.what()).starts_with("x.st: ")) << error.what();
  EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  return error.what();
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{}]}})", name, dtype,
                     shape, offsets);
}

std::string object(const std::vector<std::string>& members) {
  return fmt::format("{{{}}}", fmt::join(members, ","));
}

TEST(SafetensorsHeader, ReadsEntriesInTheOrderOfTheirBytes) {
  const std::string text = object({tensor("b", "F32", "2,1", "4,12"), R"("__metadata__":{"k":"v"})",
                                   tensor("a", "U8", "4", "0,4"), tensor("c", "F64", "0,7", "4,4"),
                                   tensor("d", "BF16", "", "12,14")}) +
                           "   ";
  const SafetensorsHeader header = parse_safetensors_header(text, 14, "x.st");
  ASSERT_EQ(header.entries.size(), 4u);
  EXPECT_EQ(header.entries[0].name, "a");
  EXPECT_EQ(header.entries[1].name, "c");
  EXPECT_EQ(header.entries[1].shape, (Shape{0, 7}));
  EXPECT_EQ(header.entries[2].name, "b");
  EXPECT_EQ(header.entries[2].begin, 4u);
  EXPECT_EQ(header.entries[2].dtype, DType::float32);
  EXPECT_EQ(header.entries[3].shape, Shape{});
  EXPECT_EQ(header.metadata, (SafetensorsMetadata{{"k", "v"}}));

  const std::string written = safetensors_header_text(header);
  EXPECT_EQ(written.size() % 8, 0u);
  const SafetensorsHeader again = parse_safetensors_header(written, 14, "x.st");
  EXPECT_EQ(safetensors_header_text(again), written);
  EXPECT_TRUE(parse_safetensors_header("{}", 0, "x.st").entries.empty());
}

TEST(SafetensorsHeader, RefusesWhatIsNotAnObject) {
  EXPECT_THAT(problem_of("", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(problem_of("[]", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(problem_of(" {}", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(problem_of("\xEF\xBB\xBF{}", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(problem_of("{\"\xFF\":1}", 0), HasSubstr("invalid UTF-8 at byte 2"));
  EXPECT_THAT(problem_of("{", 0), HasSubstr("invalid JSON"));
  EXPECT_THAT(problem_of("{} {}", 0), HasSubstr("invalid JSON"));
  EXPECT_THAT(problem_of(std::string("{}\0", 3), 0), HasSubstr("invalid JSON"));
  EXPECT_THAT(problem_of("{\"a\":[]}", 0), HasSubstr("expected an object, got a list"));
  EXPECT_THAT(problem_of("{\"a\":1}", 0), HasSubstr("expected an object, got a number"));
  EXPECT_THAT(problem_of("{\"a\":\"b\"}", 0), HasSubstr("expected an object, got text"));
  EXPECT_THAT(problem_of("{\"__metadata__\":[]}", 0), HasSubstr("expected an object"));
  EXPECT_THAT(problem_of("{\"__metadata__\":{\"a\":1}}", 0), HasSubstr("expected text"));
  EXPECT_THAT(problem_of("{\"__metadata__\":{\"a\":{}}}", 0), HasSubstr("expected text"));
  EXPECT_THAT(problem_of("{\"__metadata__\":{\"a\":null}}", 0), HasSubstr("expected text"));
  EXPECT_THAT(problem_of("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0), HasSubstr("duplicate"));
  EXPECT_THAT(problem_of("{\"__metadata__\":{},\"__metadata__\":{}}", 0), HasSubstr("twice"));
  EXPECT_THAT(problem_of("{\"a\":{\"shape\":" + std::string(100'000, '['), 0),
              HasSubstr("got a list"));
}

TEST(SafetensorsHeader, RefusesDamagedTensors) {
  const auto one = [](const std::string& dtype, const std::string& shape,
                      const std::string& offsets) {
    return object({tensor("a", dtype, shape, offsets)});
  };
  EXPECT_THAT(problem_of(one("F33", "1", "0,4"), 4), HasSubstr("dtype \"F33\" is not supported"));
  EXPECT_THAT(problem_of(one("f32", "1", "0,4"), 4), HasSubstr("not supported"));
  EXPECT_THAT(problem_of(one("F32", "-1", "0,4"), 4), HasSubstr("negative"));
  EXPECT_THAT(problem_of(one("F32", "1.0", "0,4"), 4), HasSubstr("fraction"));
  EXPECT_THAT(problem_of(one("F32", "\"1\"", "0,4"), 4), HasSubstr("got text"));
  EXPECT_THAT(problem_of(one("F32", "[1]", "0,4"), 4), HasSubstr("got a list"));
  EXPECT_THAT(problem_of(one("F32", "1,1,1,1,1,1,1", "0,4"), 4), HasSubstr("more than 6 axes"));
  EXPECT_THAT(problem_of(one("F32", "4294967296,4294967296", "0,4"), 4), HasSubstr("too large"));
  EXPECT_THAT(problem_of(one("F32", "4611686018427387904", "0,0"), 0), HasSubstr("too large"));
  EXPECT_THAT(problem_of(one("U8", "18446744073709551615", "0,0"), 0), HasSubstr("too large"));
  EXPECT_THAT(problem_of(one("U8", "99999999999999999999", "0,0"), 0), HasSubstr("fraction"));
  EXPECT_THAT(problem_of(one("U8", "0,4294967296,4294967296", "0,0"), 0), HasSubstr("too large"));
  EXPECT_THAT(problem_of(one("F32", "2", "0,4"), 4), HasSubstr("takes 8 bytes"));
  EXPECT_THAT(problem_of(one("F32", "1", "4,0"), 4), HasSubstr("not a begin and an end"));
  EXPECT_THAT(problem_of(one("F32", "1", "0"), 4), HasSubstr("not a begin and an end"));
  EXPECT_THAT(problem_of(one("F32", "1", "0,4,8"), 4), HasSubstr("more than two"));
  EXPECT_THAT(problem_of(one("F32", "1", "-4,0"), 4), HasSubstr("negative"));
  EXPECT_THAT(problem_of(one("F32", "1", "18446744073709551612,0"), 4), HasSubstr("begin and an"));
  EXPECT_THAT(problem_of("{\"a\":{}}", 0), HasSubstr("dtype is missing"));
  EXPECT_THAT(problem_of("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 0),
              HasSubstr("data_offsets is missing"));
  EXPECT_THAT(problem_of("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0), HasSubstr("duplicate"));
  EXPECT_THAT(problem_of("{\"a\":{\"type\":\"U8\"}}", 0), HasSubstr("unknown key \"type\""));
  EXPECT_THAT(problem_of("{\"a\":{\"shape\":1}}", 0), HasSubstr("does not belong"));
  EXPECT_THAT(problem_of("{\"a\":{\"shape\":\"U8\"}}", 0), HasSubstr("does not belong"));
  EXPECT_THAT(problem_of("{\"a\":{\"shape\":{}}}", 0), HasSubstr("does not belong"));
  EXPECT_THAT(problem_of("{\"a\":{\"dtype\":[]}}", 0), HasSubstr("does not belong"));
}

TEST(SafetensorsHeader, RefusesOverlapsHolesAndDuplicates) {
  const auto two = [](const std::string& first, const std::string& second) {
    return object({tensor("a", "U8", "4", first), tensor("b", "U8", "4", second)});
  };
  EXPECT_THAT(problem_of(two("0,4", "2,6"), 6), HasSubstr("tensor \"b\": overlaps"));
  EXPECT_THAT(problem_of(two("0,4", "0,4"), 4), HasSubstr("overlaps"));
  EXPECT_THAT(problem_of(two("0,4", "5,9"), 9), HasSubstr("1 bytes before it"));
  EXPECT_THAT(problem_of(two("1,5", "5,9"), 9), HasSubstr("tensor \"a\": 1 bytes before it"));
  EXPECT_THAT(problem_of(two("0,4", "4,8"), 9), HasSubstr("1 bytes after the last"));
  EXPECT_THAT(problem_of(two("0,4", "4,8"), 7), HasSubstr("ends at byte 8 of 7"));
  EXPECT_THAT(problem_of("{}", 1), HasSubstr("1 bytes after"));
  for (const std::string name : {"a", "\\u0061"}) {
    EXPECT_THAT(
        problem_of(object({tensor("a", "U8", "0", "0,0"), tensor(name, "U8", "0", "0,0")}), 0),
        HasSubstr("tensor \"a\": appears twice"));
  }
}

TEST(SafetensorsHeader, HoldsItsLimits) {
  const std::string long_name(safetensors_name_limit + 1, 'n');
  EXPECT_THAT(problem_of(object({tensor(long_name, "U8", "0", "0,0")}), 0),
              HasSubstr("a name of 1025 bytes"));
  EXPECT_THAT(problem_of(object({tensor("line\\nbreak", "U9", "0", "0,0")}), 0),
              HasSubstr(R"(tensor "line\nbreak")"));
  std::vector<std::string> many;
  for (std::size_t i = 0; i <= safetensors_tensor_limit; ++i) {
    many.push_back(tensor(std::to_string(i), "U8", "0", "0,0"));
  }
  EXPECT_THAT(problem_of(object(many), 0), HasSubstr("too many"));
}

}  // namespace
}  // namespace heed
