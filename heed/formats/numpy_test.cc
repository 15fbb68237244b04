#include "heed/formats/numpy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/formats/test_files.h"

namespace heed {
namespace {

using testing::HasSubstr;

using NumpyTest = FolderTest;

TEST_F(NumpyTest, ReadsWhatNumpyWroteAndWritesTheSameBytes) {
  struct Case {
    std::string name;
    DType dtype;
    Shape shape;
    std::vector<double> values;
  };
  const std::vector<Case> cases{{"f64", DType::float64, {2, 3}, ascending(6, -1.5)},
                                {"f32", DType::float32, {2, 3, 4}, ascending(24, -1.5)},
                                {"f16", DType::float16, {5}, ascending(5, -1.5)},
                                {"i64", DType::int64, {4}, ascending(4, -1)},
                                {"i32", DType::int32, {1, 2, 1, 2}, ascending(4, -1)},
                                {"i8", DType::int8, {7}, ascending(7, -1)},
                                {"u8", DType::uint8, {5}, ascending(5, 0)},
                                {"bool", DType::boolean, {9}, {1, 0, 0, 1, 0, 0, 1, 0, 0}},
                                {"scalar", DType::float32, {}, {-1.5}},
                                {"empty", DType::float32, {0, 3}, {}}};
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.name);
    const std::filesystem::path source = fixture(expected.name + ".npy");
    const Tensor tensor = read_npy(source);
    EXPECT_EQ(tensor.dtype(), expected.dtype);
    EXPECT_EQ(tensor.shape(), expected.shape);
    EXPECT_EQ(tensor.to_doubles(), expected.values);
    write_npy(folder_ / "copy.npy", tensor);
    const std::string copy = read_file(folder_ / "copy.npy");
    const std::string original = read_file(source);
    // NumPy pads the header differently from version to version.
    const std::size_t bytes = tensor.to_doubles().size() * element_size(tensor.dtype());
    EXPECT_EQ(copy.substr(copy.size() - bytes), original.substr(original.size() - bytes));
    EXPECT_EQ((copy.size() - bytes) % 64, 0u);
    EXPECT_EQ(copy.substr(10, copy.find('}') - 9), original.substr(10, original.find('}') - 9));
    EXPECT_EQ(read_npy(folder_ / "copy.npy").to_doubles(), expected.values);
  }
  EXPECT_EQ(read_npy(fixture("version_2.npy")).to_doubles(), ascending(24, -1.5));
}

TEST_F(NumpyTest, WritesStridedTensors) {
  const Tensor whole = Tensor::from_values<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  write_npy(folder_ / "a.npy", whole.columns(1, 3));
  EXPECT_EQ(read_npy(folder_ / "a.npy").to_doubles(), (std::vector<double>{2, 3, 5, 6}));
}

TEST_F(NumpyTest, RefusesWhatItCannotHold) {
  EXPECT_THAT(error_of([] { read_npy(fixture("fortran.npy")); }).what(),
              HasSubstr("ascontiguousarray"));
  EXPECT_THAT(error_of([] { read_npy(fixture("big_endian.npy")); }).what(),
              HasSubstr("big-endian"));
  EXPECT_EQ(error_of([&] { read_npy(folder_ / "none.npy"); }).kind(), ErrorKind::input_output);
  EXPECT_EQ(
      error_of([&] { write_npy(folder_ / "b.npy", Tensor::zeros({2}, DType::bfloat16)); }).kind(),
      ErrorKind::usage);
}

TEST_F(NumpyTest, RefusesHostileHeaders) {
  const auto problem_of = [&](std::string header) {
    const std::filesystem::path path = folder_ / "hostile.npy";
    const auto size = static_cast<char>(header.size());
    write_file(path, std::string("\x93NUMPY\x01\x00", 8) + size + '\0' + header);
    const Error error = error_of([&] { read_npy(path); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
    return std::string(error.what());
  };
  const std::string start = "{'descr': '<f4', 'fortran_order': False, ";
  EXPECT_THAT(problem_of(start + "'shape': (4294967296, 4294967296)}"), HasSubstr("does not take"));
  EXPECT_THAT(problem_of(start + "'shape': (99999999999999999999,)}"), HasSubstr("not a number"));
  EXPECT_THAT(problem_of(start + "'shape': (-1,)}"), HasSubstr("not a number"));
  EXPECT_THAT(problem_of(start + "'shape': (1)}"), HasSubstr("comma"));
  EXPECT_THAT(problem_of(start + "'shape': (1,1,1,1,1,1,1)}"), HasSubstr("more than 6 axes"));
  EXPECT_THAT(problem_of(start + "'shape': (1,), 'shape': (1,)}"), HasSubstr("repeated"));
  EXPECT_THAT(problem_of(start + "'shape': (0,), 'more': (1,)}"), HasSubstr("unknown"));
  EXPECT_THAT(problem_of(start + "'shape': (0,)} x"), HasSubstr("more after"));
  EXPECT_THAT(problem_of(start), HasSubstr("quoted word"));
  EXPECT_THAT(problem_of("{'descr': '<f4"), HasSubstr("does not end"));
  EXPECT_THAT(problem_of("{}"), HasSubstr("missing"));
  EXPECT_THAT(problem_of("{'descr': '<c8', 'fortran_order': False, 'shape': (0,)}"),
              HasSubstr("not supported"));
  EXPECT_THAT(problem_of(""), HasSubstr("not a NumPy"));
}

TEST_F(NumpyTest, SurvivesRandomDamage) {
  Random random(7);
  const std::filesystem::path path = folder_ / "damaged.npy";
  for (const std::string name : {"f32", "bool", "i32"}) {
    const std::string original = read_file(fixture(name + ".npy"));
    const std::size_t values = read_npy(fixture(name + ".npy")).to_doubles().size();
    for (int round = 0; round < 1500; ++round) {
      write_quickly(path, damaged(original, random));
      try {
        // Only changed values or a changed reading of the same bytes may go unnoticed.
        const std::vector<double> found = read_npy(path).to_doubles();
        ASSERT_LE(found.size(), 4 * values);
      } catch (const Error& error) {
        ASSERT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace heed
