// safetensors: the header as text, and the file with its tensors.
#include "heed/formats/safetensors.h"

#include "heed/base/files.h"
#include "heed/formats/safetensors_header.h"
#include "heed/tensor/tensor.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  const std::filesystem::path path = scratch_folder() / "seed.safetensors";
  std::vector<std::string> result;
  const auto add = [&](std::initializer_list<NamedTensor> tensors,
                       const SafetensorsMetadata& data) {
    write_safetensors(path, tensors, data);
    result.push_back(read_file(path));
  };
  add({{"weight", Tensor::zeros({3, 5}, DType::float32)}}, {{"format", "pt"}});
  add({{"a.mask", Tensor::zeros({7}, DType::boolean)},
       {"a.half", Tensor::zeros({2, 1}, DType::bfloat16)},
       {"a.ids", Tensor::zeros({0, 4}, DType::int64)},
       {"ä \"b\"", Tensor::zeros({}, DType::float64)}},
      {});
  add({}, {});
  return result;
}

namespace {

void read_everything(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  file.header_checksum();
  for (const SafetensorsEntry& entry : file.entries()) {
    const Tensor tensor = file.tensor(entry.name);
    expect(tensor.shape() == entry.shape && tensor.dtype() == entry.dtype, "the entry's tensor");
    tensor.clone();
  }
}

void check_header(std::string_view text, std::uint64_t data_bytes) {
  const SafetensorsHeader header = parse_safetensors_header(text, data_bytes, "header");
  const std::string written = safetensors_header_text(header);
  const SafetensorsHeader again = parse_safetensors_header(written, data_bytes, "header");
  expect(safetensors_header_text(again) == written, "the same header from its own text");
}

}  // namespace

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  const auto path = write_scratch("input.safetensors", input);
  attempt([&] { read_everything(path); });
  // The header alone, for whatever length of data it describes.
  const std::size_t end = input.rfind('}');
  if (size > 8 && end != std::string_view::npos && end >= 8) {
    attempt([&] { check_header(input.substr(8, end - 7), size - end - 1); });
  }
  return 0;
}
