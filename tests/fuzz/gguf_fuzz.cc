// GGUF: the header, the tensors, and the model with its tokenizer.
#include "heed/formats/gguf.h"

#include "heed/base/files.h"
#include "heed/interop/model_source.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  const auto folder = std::filesystem::path(HEED_SOURCE_DIR) / "tests" / "data" / "gguf";
  // Its head and as much behind it as the first tensors take: mutations of the rest find nothing.
  const std::string whole = read_file(folder / "model.gguf");
  return {whole, whole.substr(0, 20000), std::string("GGUF\3\0\0\0", 8) + std::string(16, '\0')};
}

namespace {

void read_tensors(const std::filesystem::path& path) {
  const GgufFile file(path);
  for (const GgufEntry& entry : file.header().entries()) {
    expect(entry.end <= read_file(path).size(), "a tensor inside the file");
    expect(file.tensor(entry.name).shape() == entry.shape, "the entry's tensor");
  }
}

void read_model(const std::filesystem::path& path) {
  const ModelSource source = open_model_source(path);
  source.tokenizers();
  const auto tensors = source.tensors({});
  for (const std::string& name : tensors->names()) {
    tensors->tensor(name);
  }
}

}  // namespace

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const auto path = write_scratch("input.gguf", text_of(data, size));
  attempt([&] { read_tensors(path); });
  attempt([&] { read_model(path); });
  return 0;
}
