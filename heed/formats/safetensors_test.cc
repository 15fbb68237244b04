#include "heed/formats/safetensors.h"

#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/formats/sharded_safetensors.h"
#include "heed/formats/test_files.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class SafetensorsTest : public FolderTest {
 protected:
  std::filesystem::path path() const { return folder_ / "model.safetensors"; }

  // A file of the given header and data.
  void write_raw(const std::string& header, const std::string& data) const {
    const std::uint64_t size = header.size();
    write_quickly(path(), std::string(reinterpret_cast<const char*>(&size), 8) + header + data);
  }
  std::string problem() const {
    const Error error = error_of([&] {
      const SafetensorsFile file(path());
      for (const SafetensorsEntry& entry : file.entries()) {
        file.tensor(entry.name);
      }
    });
    EXPECT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(path().string()));
    return error.what();
  }
};

// Names, types, shapes and values in one text.
std::string content_of(const SafetensorsFile& file) {
  std::string text;
  for (const SafetensorsEntry& entry : file.entries()) {
    const Tensor tensor = file.tensor(entry.name);
    text += fmt::format("{} {} {}", entry.name, name_of(tensor.dtype()), tensor.shape().text());
    const auto bytes =
        static_cast<std::size_t>(tensor.element_count()) * element_size(tensor.dtype());
    text.append(reinterpret_cast<const char*>(tensor.view().data), bytes);
  }
  return text;
}

TEST_F(SafetensorsTest, ReadsWhatPythonWrote) {
  const SafetensorsFile file(fixture("python.safetensors"));
  EXPECT_EQ(file.metadata(), (SafetensorsMetadata{{"format", "pt"}, {"note", "a\nb"}}));
  EXPECT_EQ(file.entries().size(), 12u);
  struct Case {
    std::string name;
    DType dtype;
    Shape shape;
    std::vector<double> values;
  };
  const std::vector<Case> cases{{"f64", DType::float64, {2, 3}, ascending(6, -1.5)},
                                {"f32", DType::float32, {2, 3, 4}, ascending(24, -1.5)},
                                {"f16", DType::float16, {5}, ascending(5, -1.5)},
                                {"bf16", DType::bfloat16, {3, 3}, ascending(9, -1.5)},
                                {"i64", DType::int64, {4}, ascending(4, -1)},
                                {"i32", DType::int32, {1, 2, 1, 2}, ascending(4, -1)},
                                {"i8", DType::int8, {7}, ascending(7, -1)},
                                {"u8", DType::uint8, {5}, ascending(5, 0)},
                                {"bool", DType::boolean, {9}, {1, 0, 0, 1, 0, 0, 1, 0, 0}},
                                {"scalar", DType::float32, {}, {-1.5}},
                                {"empty", DType::float32, {0, 3}, {}},
                                {"name with \"quotes\" and ünïcode", DType::float32, {1}, {-1.5}}};
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.name);
    const Tensor tensor = file.tensor(expected.name);
    EXPECT_EQ(tensor.dtype(), expected.dtype);
    EXPECT_EQ(tensor.shape(), expected.shape);
    EXPECT_EQ(tensor.to_doubles(), expected.values);
  }
  EXPECT_EQ(file.find("f65"), nullptr);
  EXPECT_THAT(error_of([&] { file.tensor("f65"); }).what(), HasSubstr("no tensor \"f65\""));
}

TEST_F(SafetensorsTest, WritesTheSameBytesEveryTime) {
  const Tensor whole = Tensor::from_values<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  const std::vector<NamedTensor> tensors{
      {"bytes", Tensor::from_values<std::uint8_t>({7, 8, 9}, {3})},
      {"strided", whole.columns(1, 3)},
      {"row", whole.rows(1, 2)},
      {"none", Tensor::zeros({0, 5})},
      {"wide", Tensor::from_values<double>({0.5}, {})}};
  const SafetensorsSummary summary = write_safetensors(path(), tensors, {{"format", "pt"}});
  const std::string first = read_file(path());
  EXPECT_EQ(summary.byte_count, first.size());
  write_safetensors(path(), tensors, {{"format", "pt"}});
  EXPECT_EQ(read_file(path()), first);

  const SafetensorsFile file(path(), reference_device);
  EXPECT_EQ(file.header_checksum(), summary.header_checksum);
  std::vector<std::string> names;
  for (const SafetensorsEntry& entry : file.entries()) {
    names.push_back(entry.name);
    EXPECT_TRUE(file.has_checksum(entry.name));
    // Wider elements first, so that nothing is misaligned.
    EXPECT_EQ(entry.begin % element_size(entry.dtype), 0u);
  }
  EXPECT_THAT(names, ElementsAre("wide", "strided", "row", "none", "bytes"));
  EXPECT_EQ(file.tensor("strided").to_doubles(), (std::vector<double>{2, 3, 5, 6}));
  EXPECT_EQ(file.tensor("row").to_doubles(), (std::vector<double>{4, 5, 6}));
  EXPECT_EQ(file.tensor("wide").item(), 0.5);
  EXPECT_EQ(file.tensor("none").shape(), (Shape{0, 5}));
  EXPECT_EQ(file.tensor("row").device(), reference_device);
  EXPECT_EQ(file.metadata().at("format"), "pt");
}

TEST_F(SafetensorsTest, TensorsOutliveTheFileObject) {
  write_safetensors(path(), {{"a", Tensor::from_values<float>({1, 2}, {2})}});
  const Tensor tensor = SafetensorsFile(path()).tensor("a");
  std::filesystem::remove(path());
  EXPECT_EQ(tensor.to_doubles(), (std::vector<double>{1, 2}));
  EXPECT_NE(tensor.view().stamp, 0u);
}

TEST_F(SafetensorsTest, CopiesMisalignedData) {
  const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("b":{"dtype":"I32","shape":[2],"data_offsets":[1,9]}})";
  const std::int32_t values[] = {-5, 70000};
  for (std::size_t blanks = 0; blanks < 8; ++blanks) {
    write_raw(header + std::string(blanks, ' '),
              fmt::format("x{}", std::string_view(reinterpret_cast<const char*>(values), 8)));
    const Tensor tensor = SafetensorsFile(path()).tensor("b");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.view().data) % 4, 0u);
    EXPECT_EQ(tensor.to_doubles(), (std::vector<double>{-5, 70000}));
  }
}

TEST_F(SafetensorsTest, RefusesDamagedFiles) {
  EXPECT_EQ(error_of([&] { SafetensorsFile file(path()); }).kind(), ErrorKind::input_output);
  EXPECT_EQ(error_of([&] { SafetensorsFile file(folder_); }).kind(), ErrorKind::input_output);
  write_quickly(path(), "");
  EXPECT_THAT(problem(), HasSubstr("too short"));
  write_quickly(path(), "1234567");
  EXPECT_THAT(problem(), HasSubstr("too short"));
  write_quickly(path(), "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}");
  EXPECT_THAT(problem(), HasSubstr("not a safetensors file"));
  write_quickly(path(), std::string("\x03\0\0\0\0\0\0\0{}", 10));
  EXPECT_THAT(problem(), HasSubstr("cut off"));
  write_raw("[]", "");
  EXPECT_THAT(problem(), HasSubstr("not a JSON object"));
  write_raw(R"({"flag":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})",
            std::string("\1\0\2", 3));
  EXPECT_THAT(problem(), HasSubstr("tensor \"flag\": element 2 of a bool tensor"));
}

TEST_F(SafetensorsTest, NoticesAFlippedBitInTheData) {
  write_safetensors(path(), {{"weight", Tensor::from_values<float>({1, 2, 3}, {3})}});
  std::string content = read_file(path());
  content.back() = static_cast<char>(content.back() ^ 1);
  write_quickly(path(), content);
  EXPECT_THAT(problem(), HasSubstr("tensor \"weight\": its bytes have checksum"));
}

TEST_F(SafetensorsTest, SurvivesRandomDamage) {
  const std::string python = read_file(fixture("python.safetensors"));
  write_safetensors(path(),
                    {{"weight", Tensor::from_values<float>({1, 2, 3, 4}, {2, 2})},
                     {"bias", Tensor::from_values<std::int64_t>({1}, {1})}},
                    {{"format", "pt"}});
  const std::string ours = read_file(path());
  Random random(11);
  for (int round = 0; round < 6000; ++round) {
    write_quickly(path(), damaged(round % 2 == 0 ? python : ours, random));
    try {
      content_of(SafetensorsFile(path()));
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
    }
  }
}

TEST_F(SafetensorsTest, EveryCutAndEveryFlippedDataBitIsNoticed) {
  write_safetensors(path(), {{"weight", Tensor::from_values<float>({1, 2, 3, 4}, {2, 2})},
                             {"bias", Tensor::from_values<std::int64_t>({1}, {1})}});
  const std::string content = read_file(path());
  for (std::size_t size = 0; size < content.size(); ++size) {
    write_quickly(path(), content.substr(0, size));
    problem();
  }
  for (std::size_t bit = 0; bit < 24 * 8; ++bit) {
    std::string flipped = content;
    char& byte = flipped[content.size() - 24 + bit / 8];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    write_quickly(path(), flipped);
    problem();
  }
}

TEST_F(SafetensorsTest, TheWriterRefusesBadNames) {
  const Tensor tensor = Tensor::zeros({1});
  const auto kind_of = [&](const std::vector<NamedTensor>& tensors,
                           const SafetensorsMetadata& metadata = {}) {
    return error_of([&] { write_safetensors(path(), tensors, metadata); }).kind();
  };
  EXPECT_EQ(kind_of({{"a", tensor}, {"a", tensor}}), ErrorKind::usage);
  EXPECT_EQ(kind_of({{"__metadata__", tensor}}), ErrorKind::usage);
  EXPECT_EQ(kind_of({{"\xFF", tensor}}), ErrorKind::usage);
  EXPECT_EQ(kind_of({{"a", Tensor()}}), ErrorKind::usage);
  EXPECT_EQ(kind_of({{"a", tensor}}, {{"crc32c:a", "0"}}), ErrorKind::usage);
  EXPECT_EQ(kind_of({{"a", tensor}}, {{"note", "\xC0"}}), ErrorKind::usage);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SafetensorsTest, AFullDiskLeavesTheOldFile) {
  write_safetensors(path(), {{"a", Tensor::from_values<float>({1}, {1})}});
  const std::string before = read_file(path());
  const Tensor large = Tensor::zeros({1 << 20});
  {
    const FileSizeLimit limit(1 << 20);
    const Error error = error_of([&] { write_safetensors(path(), {{"a", large}}); });
    EXPECT_EQ(error.kind(), ErrorKind::input_output);
    EXPECT_THAT(error.what(), HasSubstr(folder_.string()));
  }
  EXPECT_EQ(read_file(path()), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

class ShardsTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    write_safetensors(folder_ / "one.safetensors", {{"a", Tensor::from_values<float>({1}, {1})},
                                                    {"b", Tensor::from_values<float>({2}, {1})}});
    write_safetensors(folder_ / "two.safetensors", {{"c", Tensor::from_values<float>({3}, {1})}});
  }
  void write_index(const std::string& weight_map) const {
    write_quickly(folder_ / "model.safetensors.index.json",
                  R"({"metadata":{"total_size":12},"weight_map":)" + weight_map + "}");
  }
  Error problem(const std::string& weight_map) const {
    write_index(weight_map);
    return error_of([&] { SafetensorsModel model(folder_); });
  }
};

TEST_F(ShardsTest, ReadsAllShards) {
  write_index(R"({"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"})");
  const SafetensorsModel model(folder_);
  EXPECT_THAT(model.names(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(model.tensor("b").item(), 2);
  EXPECT_EQ(model.tensor("c").item(), 3);
  EXPECT_FALSE(model.contains("d"));
  EXPECT_EQ(error_of([&] { model.tensor("d"); }).kind(), ErrorKind::bad_data);
}

TEST_F(ShardsTest, AWholeFileGoesFirst) {
  std::filesystem::copy(folder_ / "two.safetensors", folder_ / "model.safetensors");
  write_index("[]");
  EXPECT_THAT(SafetensorsModel(folder_).names(), ElementsAre("c"));
}

TEST_F(ShardsTest, RefusesABadIndex) {
  EXPECT_EQ(error_of([&] { SafetensorsModel model(folder_); }).kind(), ErrorKind::input_output);
  for (const std::string name :
       {"/etc/passwd", "../one.safetensors", "..", ".", "", "x/one", "x\\\\one", "one\\u0000"}) {
    const Error error = problem("{\"a\":\"" + name + "\"}");
    EXPECT_EQ(error.kind(), ErrorKind::bad_data) << name;
    EXPECT_THAT(error.what(), HasSubstr("tensor \"a\": expected the name of a file"));
  }
  EXPECT_THAT(problem(R"({"a":1})").what(), HasSubstr("expected the name of a file"));
  EXPECT_THAT(problem("[]").what(), HasSubstr("no weight_map"));
  EXPECT_THAT(problem("{}").what(), HasSubstr("empty"));
  EXPECT_THAT(problem(R"({"a":"one.safetensors","a":"two.safetensors"})").what(),
              HasSubstr("duplicate"));
  EXPECT_THAT(problem(R"({"a":"one.safetensors"})").what(),
              HasSubstr("tensor \"b\": is in \"one.safetensors\", where the index does not"));
  EXPECT_THAT(
      problem(R"({"a":"one.safetensors","b":"one.safetensors","c":"one.safetensors"})").what(),
      HasSubstr("tensor \"c\": is not in \"one.safetensors\""));
  EXPECT_THAT(
      problem(R"({"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors"})").what(),
      HasSubstr("tensor \"b\": is in \"one.safetensors\""));
}

// The message names the index, all that is missing, and what to do.
TEST_F(ShardsTest, NamesMissingShards) {
  const Error one =
      problem(R"({"a":"one.safetensors","b":"lost.safetensors","c":"b.safetensors"})");
  EXPECT_EQ(one.kind(), ErrorKind::input_output);
  EXPECT_EQ(one.what(), (folder_ / "model.safetensors.index.json").string() +
                            ": 2 of the 3 files that it names are missing beside it: "
                            "b.safetensors, lost.safetensors; copy them from where the model came "
                            "from");
  // What a cache of downloads leaves: a link to nothing.
  std::filesystem::remove(folder_ / "two.safetensors");
  std::filesystem::create_symlink("nowhere", folder_ / "two.safetensors");
  EXPECT_THAT(problem(R"({"a":"one.safetensors","c":"two.safetensors"})").what(),
              HasSubstr("1 of the 2 files that it names are missing beside it: two.safetensors;"));
}

TEST_F(ShardsTest, NamesTheIndexOfADamagedShard) {
  const std::string whole = read_file(folder_ / "two.safetensors");
  for (const std::string& damaged :
       {whole.substr(0, whole.size() - 1), whole + "x", std::string(), whole.substr(0, 20)}) {
    write_quickly(folder_ / "two.safetensors", damaged);
    const Error error =
        problem(R"({"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"})");
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    EXPECT_THAT(error.what(), StartsWith((folder_ / "two.safetensors").string() + ": "));
    EXPECT_THAT(error.what(),
                EndsWith(" (one of the files that model.safetensors.index.json names; copy it "
                         "anew)"));
  }
}

TEST_F(ShardsTest, TellsWhatIsThereInsteadOfTheIndex) {
  const auto message = [&] {
    const Error error = error_of([&] { SafetensorsModel model(folder_); });
    EXPECT_EQ(error.kind(), ErrorKind::input_output);
    return std::string(error.what());
  };
  EXPECT_THAT(message(), HasSubstr(": has neither model.safetensors nor"));
  write_quickly(folder_ / "pytorch_model.bin", "PK");
  EXPECT_THAT(message(), HasSubstr(": has its weights in pytorch_model.bin, which is not read; "));
  write_quickly(folder_ / "model-00002-of-00002.safetensors", "");
  write_quickly(folder_ / "model-00001-of-00002.safetensors", "");
  EXPECT_THAT(message(), HasSubstr(": has model-00001-of-00002.safetensors, a part of a model, but "
                                   "no model.safetensors.index.json"));
}

}  // namespace
}  // namespace heed
