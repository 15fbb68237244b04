#include "heed/formats/load_tensors.h"

#include <algorithm>
#include <unordered_set>

namespace heed {

namespace {

bool is_floating(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::float16 ||
         dtype == DType::bfloat16;
}

}  // namespace

void load_tensors(const SafetensorsFile& file, std::span<const NamedTensor> into,
                  std::span<const std::string> ignored) {
  std::unordered_set<std::string> known(ignored.begin(), ignored.end());
  for (const NamedTensor& item : into) {
    known.insert(item.name);
    const Tensor tensor = file.tensor(item.name);
    check_data(tensor.shape() == item.tensor.shape(),
               "{}: tensor '{}' has shape {}, the model wants {}", file.path().string(), item.name,
               tensor.shape(), item.tensor.shape());
    check_data(is_floating(tensor.dtype()), "{}: tensor '{}' holds {}, expected real numbers",
               file.path().string(), item.name, name_of(tensor.dtype()));
    item.tensor.copy_from(tensor);
    item.tensor.renew_stamp();
  }
  for (const SafetensorsEntry& entry : file.entries()) {
    check_data(known.contains(entry.name), "{}: tensor '{}' has no place in this model",
               file.path().string(), entry.name);
  }
}

std::vector<NamedTensor> average_tensors(std::span<const std::filesystem::path> files) {
  check_usage(!files.empty(), "average: no models given");
  std::vector<NamedTensor> sums;
  const SafetensorsFile first(files[0]);
  for (const SafetensorsEntry& entry : first.entries()) {
    sums.push_back({entry.name, first.tensor(entry.name).to(DType::float64)});
  }
  for (const std::filesystem::path& path : files.subspan(1)) {
    const SafetensorsFile file(path);
    check_data(file.entries().size() == sums.size(), "{}: {} tensors, but {} has {}", path.string(),
               file.entries().size(), files[0].string(), sums.size());
    for (const NamedTensor& sum : sums) {
      const Tensor tensor = file.tensor(sum.name);
      check_data(tensor.shape() == sum.tensor.shape(), "{}: tensor '{}' has shape {}, in {} {}",
                 path.string(), sum.name, tensor.shape(), files[0].string(), sum.tensor.shape());
      const Tensor wide = tensor.to(DType::float64);
      const auto to = sum.tensor.values<double>();
      std::transform(to.begin(), to.end(), wide.values<double>().begin(), to.begin(), std::plus{});
    }
  }
  for (NamedTensor& sum : sums) {
    for (double& value : sum.tensor.values<double>()) {
      value /= static_cast<double>(files.size());
    }
    sum.tensor = sum.tensor.to(DType::float32);
  }
  return sums;
}

}  // namespace heed
