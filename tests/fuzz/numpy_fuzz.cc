// NumPy's .npy files.
#include "heed/formats/numpy.h"

#include "heed/base/files.h"
#include "heed/tensor/tensor.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  const std::filesystem::path path = scratch_folder() / "seed.npy";
  std::vector<std::string> result;
  for (const Tensor& tensor :
       {Tensor::zeros({2, 3}, DType::float32), Tensor::zeros({}, DType::float64),
        Tensor::zeros({5}, DType::boolean), Tensor::zeros({0, 2}, DType::int64),
        Tensor::zeros({1, 2, 3, 2}, DType::float16)}) {
    write_npy(path, tensor);
    result.push_back(read_file(path));
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const auto path = write_scratch("input.npy", text_of(data, size));
  attempt([&] {
    const Tensor tensor = read_npy(path);
    const auto copy = scratch_folder() / "copy.npy";
    write_npy(copy, tensor);
    const Tensor again = read_npy(copy);
    expect(again.shape() == tensor.shape() && again.dtype() == tensor.dtype(),
           "the same array from its copy");
  });
  return 0;
}
