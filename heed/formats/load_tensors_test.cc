#include "heed/formats/load_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/formats/sharded_safetensors.h"
#include "heed/formats/test_files.h"

namespace heed {
namespace {

using testing::HasSubstr;

class MapTensorsTest : public FolderTest {
 protected:
  std::filesystem::path path() const { return folder_ / "model.safetensors"; }
  static Tensor numbers(double first, std::int64_t rows, DType dtype = DType::float32) {
    const Tensor made = Tensor::empty({rows, 2});
    for (float& value : made.values<float>()) {
      value = static_cast<float>(first++);
    }
    return made.to(dtype);
  }
  // The tensor of three rows that "a" and "b" are the parts of, mapped from the file.
  Tensor mapped() {
    Tensor whole = Tensor::zeros({3, 2});
    was_ = whole;
    const std::vector<StoredTensor> into = {
        {&whole, {{"a", whole.rows(0, 1)}, {"b", whole.rows(1, 3)}}}};
    map_tensors(SafetensorsModel(SafetensorsFile(path())), into, pool_);
    EXPECT_NE(whole.view().stamp, 0u);
    return whole;
  }

  ThreadPool pool_{2};
  Tensor was_;  // what the tensor was before
};

const std::vector<double> one_to_six = {1, 2, 3, 4, 5, 6};

TEST_F(MapTensorsTest, PartsInOrderAreNotCopied) {
  write_safetensors(path(), {{"a", numbers(1, 1)}, {"b", numbers(3, 2)}});
  const Tensor whole = mapped();
  EXPECT_EQ(whole.to_doubles(), one_to_six);
  EXPECT_NE(whole.view().data, was_.view().data);
  // Written to without a change to the file, and alive without it.
  whole.fill(7);
  EXPECT_EQ(mapped().to_doubles(), one_to_six);
  std::filesystem::remove(path());
  EXPECT_EQ(whole.to_doubles(), std::vector<double>(6, 7.0));
}

TEST_F(MapTensorsTest, PartsElsewhereOrOfAnotherTypeAreCopied) {
  write_safetensors(path(), {{"b", numbers(3, 2)}, {"a", numbers(1, 1)}});
  const Tensor turned = mapped();
  EXPECT_EQ(turned.to_doubles(), one_to_six);
  EXPECT_EQ(turned.view().data, was_.view().data);
  write_safetensors(path(), {{"a", numbers(1, 1)}, {"b", numbers(3, 2, DType::bfloat16)}});
  EXPECT_EQ(mapped().to_doubles(), one_to_six);
}

// What becomes bfloat16 of a file of any type, in whatever order.
TEST_F(MapTensorsTest, SomeAreRounded) {
  const auto copy = [](const Tensor& from, const Tensor& to) { to.copy_from(from); };
  const auto rounded = [&](bool whole_is_there) {
    Tensor whole = numbers(20, 3);
    std::vector<StoredPart> parts = {{"b", whole.rows(1, 3)}};
    if (whole_is_there) {
      parts.insert(parts.begin(), {"a", whole.rows(0, 1)});
    }
    map_tensors(SafetensorsModel(SafetensorsFile(path())),
                std::vector<StoredTensor>{{&whole, parts, copy}}, pool_);
    EXPECT_EQ(whole.dtype(), DType::bfloat16);
    EXPECT_NE(whole.view().stamp, 0u);
    return whole.to_doubles();
  };
  // 257 lies between two numbers of bfloat16, and so does 259.
  const auto next = numbers(257, 2);
  const std::vector<double> expected = {1, 2, 256, 258, 260, 260};
  write_safetensors(path(), {{"a", numbers(1, 1)}, {"b", next}});
  EXPECT_EQ(rounded(true), expected);
  write_safetensors(path(), {{"b", next}, {"a", numbers(1, 1)}});
  EXPECT_EQ(rounded(true), expected);
  EXPECT_EQ(rounded(false), (std::vector<double>{20, 21, 256, 258, 260, 260}));
  write_safetensors(path(),
                    {{"a", numbers(1, 1, DType::bfloat16)}, {"b", next.to(DType::float64)}});
  EXPECT_EQ(rounded(true), expected);
  write_safetensors(path(),
                    {{"a", numbers(1, 1, DType::bfloat16)}, {"b", next.to(DType::bfloat16)}});
  EXPECT_EQ(rounded(true), expected);
}

TEST_F(MapTensorsTest, RefusesWhatDoesNotFit) {
  const auto problem = [&] {
    const Error error = error_of([&] { mapped(); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    return std::string(error.what());
  };
  write_safetensors(path(), {{"a", numbers(1, 1)}});
  EXPECT_THAT(problem(), HasSubstr("no tensor \"b\""));
  write_safetensors(path(), {{"a", numbers(1, 1)}, {"b", numbers(3, 1)}});
  EXPECT_THAT(problem(), HasSubstr("the model wants"));
  write_safetensors(path(), {{"a", numbers(1, 1)}, {"b", numbers(3, 2)}, {"c", numbers(0, 1)}});
  std::string content = read_file(path());
  content.back() ^= 1;
  write_quickly(path(), content);
  mapped();  // the damage is in what nobody reads
  content[content.size() - 9] ^= 1;
  write_quickly(path(), content);
  EXPECT_THAT(problem(), HasSubstr("checksum"));
}

}  // namespace
}  // namespace heed
