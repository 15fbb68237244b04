#include "heed/formats/load_tensors.h"

#include <algorithm>
#include <unordered_set>

namespace heed {

namespace {

bool is_floating(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::float16 ||
         dtype == DType::bfloat16;
}

// The tensor of the file that fits `item`.
Tensor fitting_tensor(const SafetensorsFile& file, const NamedTensor& item) {
  const Tensor tensor = file.tensor(item.name);
  check_data(tensor.shape() == item.tensor.shape(),
             "{}: tensor '{}' has shape {}, the model wants {}", file.path().string(), item.name,
             tensor.shape(), item.tensor.shape());
  check_data(is_floating(tensor.dtype()), "{}: tensor '{}' holds {}, expected real numbers",
             file.path().string(), item.name, name_of(tensor.dtype()));
  return tensor;
}

void check_known(const SafetensorsFile& file, const std::unordered_set<std::string>& known) {
  for (const SafetensorsEntry& entry : file.entries()) {
    check_data(known.contains(entry.name), "{}: tensor '{}' has no place in this model",
               file.path().string(), entry.name);
  }
}

std::size_t byte_count(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.element_count()) * element_size(tensor.dtype());
}

// Whether the parts, one behind the other, are the whole as it would lie in memory.
bool lie_as(const std::vector<Tensor>& parts, const Tensor& whole) {
  std::size_t bytes = 0;
  for (const Tensor& part : parts) {
    if (part.dtype() != whole.dtype() || part.device() != whole.device() ||
        part.view().data != parts.front().view().data + bytes) {
      return false;
    }
    bytes += byte_count(part);
  }
  return bytes > 0 && bytes == byte_count(whole);
}

// A tensor over the memory of the parts, which it keeps alive.
Tensor joined(std::vector<Tensor> parts, const Tensor& like) {
  std::byte* data = parts.front().view().data;
  auto storage = std::make_shared<Storage>(data, byte_count(like),
                                           std::make_shared<std::vector<Tensor>>(std::move(parts)));
  storage->renew_stamp();
  return Tensor::over(std::move(storage), 0, like.shape(), like.dtype(), like.device());
}

void map_tensor(const SafetensorsFile& file, const StoredTensor& item) {
  std::vector<Tensor> parts;
  for (const NamedTensor& part : item.parts) {
    parts.push_back(fitting_tensor(file, part));
  }
  if (lie_as(parts, *item.tensor)) {
    *item.tensor = joined(std::move(parts), *item.tensor);
    return;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    item.parts[i].tensor.copy_from(parts[i]);
  }
  item.tensor->renew_stamp();
}

}  // namespace

void load_tensors(const SafetensorsFile& file, std::span<const NamedTensor> into,
                  std::span<const std::string> ignored) {
  std::unordered_set<std::string> known(ignored.begin(), ignored.end());
  for (const NamedTensor& item : into) {
    known.insert(item.name);
    item.tensor.copy_from(fitting_tensor(file, item));
    item.tensor.renew_stamp();
  }
  check_known(file, known);
}

void map_tensors(const SafetensorsFile& file, std::span<const StoredTensor> into,
                 std::span<const std::string> ignored, ThreadPool& pool) {
  std::unordered_set<std::string> known(ignored.begin(), ignored.end());
  for (const StoredTensor& item : into) {
    for (const NamedTensor& part : item.parts) {
      known.insert(part.name);
    }
  }
  pool.run(static_cast<std::int64_t>(into.size()),
           [&](std::int64_t index) { map_tensor(file, into[static_cast<std::size_t>(index)]); });
  check_known(file, known);
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
