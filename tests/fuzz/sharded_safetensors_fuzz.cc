// A model in shards: its index, or one of the two shards.
#include "heed/formats/sharded_safetensors.h"

#include <array>

#include "heed/base/files.h"
#include "heed/tensor/tensor.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

constexpr std::array<const char*, 3> names = {"model.safetensors.index.json",
                                              "model-00001-of-00002.safetensors",
                                              "model-00002-of-00002.safetensors"};

// The sound files, in the order of `names`.
const std::vector<std::string>& sound_files() {
  static const std::vector<std::string> files = [] {
    const std::filesystem::path path = scratch_folder() / "seed";
    std::vector<std::string> result = {
        R"({"metadata": {"total_size": 40}, "weight_map": {"a": "model-00001-of-00002.safetensors",
            "b": "model-00002-of-00002.safetensors", "c": "model-00002-of-00002.safetensors"}})"};
    write_safetensors(path, {{"a", Tensor::zeros({4}, DType::float32)}});
    result.push_back(read_file(path));
    write_safetensors(path, {{"b", Tensor::zeros({2, 2}, DType::float32)},
                             {"c", Tensor::zeros({1}, DType::float64)}});
    result.push_back(read_file(path));
    return result;
  }();
  return files;
}

void read_everything(const std::filesystem::path& directory) {
  const SafetensorsModel model(directory);
  for (const std::string& name : model.names()) {
    expect(model.find(name) != nullptr, "a tensor of each name");
    model.tensor(name);
  }
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    result.push_back(chosen(i, sound_files()[i]));
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    write_scratch(names[i], i == choice.index ? choice.rest : sound_files()[i]);
  }
  attempt([] { read_everything(scratch_folder()); });
  return 0;
}
