#include "heed/formats/load_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "heed/base/phase.h"
#include "heed/formats/mapped_tensor.h"

namespace heed {

namespace {

bool is_floating(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::float16 ||
         dtype == DType::bfloat16;
}

// Checks that a tensor of the file fits into `wanted`.
template <typename Name>
void check_fits(const Tensor& tensor, const Tensor& wanted, const std::filesystem::path& file,
                const Name& name) {
  check_data(tensor.shape() == wanted.shape(), "{}: tensor {} has shape {}, the model wants {}",
             file.string(), name, tensor.shape(), wanted.shape());
  check_data(is_floating(tensor.dtype()), "{}: tensor {} holds {}, expected real numbers",
             file.string(), name, name_of(tensor.dtype()));
}

// For messages: "a", or where the model has another name for it "a" (b in the model).
struct NameOfPart {
  const StoredPart& part;
  std::string text() const {
    const std::string name = quoted_name(part.name).text();
    return part.ours.empty() || part.ours == part.name
               ? name
               : fmt::format("{} ({} in the model)", name, part.ours);
  }
};

// Whether no element has an exponent of ones alone, as infinities and NaN have. Without a branch,
// so that it runs as fast as the file is read.
template <typename Bits>
bool has_finite_numbers_only(const std::byte* data, std::int64_t count, Bits exponent) {
  const auto lowest = static_cast<Bits>(exponent & (~exponent + 1));
  Bits carried = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, data + static_cast<std::size_t>(i) * sizeof bits, sizeof bits);
    carried |= static_cast<Bits>((bits & exponent) + lowest);
  }
  return (carried & static_cast<Bits>(~(static_cast<Bits>(~Bits{0}) >> 1))) == 0;
}

bool is_finite(const Tensor& tensor) {
  const std::byte* data = tensor.view().data;
  const std::int64_t count = tensor.element_count();
  switch (tensor.dtype()) {
    case DType::float32:
      return has_finite_numbers_only<std::uint32_t>(data, count, 0x7F800000);
    case DType::bfloat16:
      return has_finite_numbers_only<std::uint16_t>(data, count, 0x7F80);
    case DType::float16:
      return has_finite_numbers_only<std::uint16_t>(data, count, 0x7C00);
    default:
      return has_finite_numbers_only<std::uint64_t>(data, count, 0x7FF0000000000000);
  }
}

Tensor read_part(const TensorSource& file, const StoredPart& part) {
  Tensor tensor = file.tensor(part.name);
  const std::filesystem::path path = file.path_of(part.name);
  if (part.read) {
    try {
      tensor = part.read(tensor);
    } catch (const Error& error) {
      fail(error.kind(), "{}: tensor {}: {}", path.string(), NameOfPart{part}, error.what());
    }
  }
  check_fits(tensor, part.tensor, path, NameOfPart{part});
  check_data(is_finite(tensor.contiguous() ? tensor : tensor.clone()),
             "{}: tensor {} holds infinities or NaN: no model to run", path.string(),
             NameOfPart{part});
  return tensor;
}

void check_known(const SafetensorsFile& file, const std::unordered_set<std::string>& known) {
  for (const SafetensorsEntry& entry : file.entries()) {
    check_data(known.contains(entry.name), "{}: tensor {} has no place in this model",
               file.path().string(), quoted_name(entry.name));
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

// The rows of `whole` that the part is, by where it lies in the memory of `like`.
Tensor rows_of_part(const Tensor& part, const Tensor& like, const Tensor& whole) {
  const auto row_bytes =
      like.element_count() / like.size(0) * static_cast<std::int64_t>(element_size(like.dtype()));
  const std::int64_t begin = (part.view().data - like.view().data) / row_bytes;
  return whole.rows(begin, begin + part.size(0));
}

bool rounds(const StoredTensor& item) {
  return item.round && item.tensor->dtype() != DType::bfloat16;
}

// Memory for all that is rounded, in one block: pages of it are large, and few have to be cleared.
class RoundedMemory {
 public:
  explicit RoundedMemory(std::span<const StoredTensor> into) {
    std::size_t size = 0;
    for (const StoredTensor& item : into) {
      begins_.push_back(size);
      size += rounds(item) ? (bytes_of(item) + alignment - 1) / alignment * alignment : 0;
    }
    block_ = std::make_shared<Storage>(size);
  }

  // For item `index`, not filled.
  Tensor tensor(std::size_t index, const StoredTensor& item) const {
    auto storage =
        std::make_shared<Storage>(block_->data() + begins_[index], bytes_of(item), block_);
    return Tensor::over(std::move(storage), 0, item.tensor->shape(), DType::bfloat16,
                        item.tensor->device());
  }

 private:
  static constexpr std::size_t alignment = 64;
  static std::size_t bytes_of(const StoredTensor& item) {
    return static_cast<std::size_t>(item.tensor->element_count()) * sizeof(BFloat16);
  }

  std::vector<std::size_t> begins_;
  std::shared_ptr<Storage> block_;
};

// Puts what is kept of a tensor in its place, if that is something else.
void keep_alone(const TensorSource& file, const StoredTensor& item) {
  if (!item.keep) {
    return;
  }
  *item.tensor = item.keep(*item.tensor);
  item.tensor->renew_stamp();
  for (const StoredPart& part : item.parts) {
    file.forget(part.name);
  }
}

// Memory that an item is read into: its own, unless only something else of it is kept. Then it is
// memory that is soon free again, so that not all of it is ever in use at once.
Tensor place_of(const StoredTensor& item) {
  const Tensor& own = *item.tensor;
  return item.keep ? Tensor::empty(own.shape(), own.dtype(), own.device()) : own;
}

// `whole`: what the item becomes, unless it comes to lie in the file.
void map_tensor(const TensorSource& file, const StoredTensor& item, const Tensor& whole) {
  std::vector<Tensor> parts;
  std::int64_t covered = 0;
  for (const StoredPart& part : item.parts) {
    parts.push_back(read_part(file, part));
    covered += parts.back().element_count();
  }
  if (lie_as(parts, whole)) {
    *item.tensor = joined(std::move(parts), whole);
    keep_alone(file, item);
    return;
  }
  const bool rounding = rounds(item);
  const bool elsewhere = whole.view().data != item.tensor->view().data;
  if (elsewhere && covered < whole.element_count()) {
    whole.copy_from(*item.tensor);
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Tensor& part = item.parts[i].tensor;
    if (part.element_count() == 0) {
      continue;
    }
    const Tensor into = elsewhere ? rows_of_part(part, *item.tensor, whole) : part;
    if (rounding && parts[i].dtype() == DType::float32) {
      item.round(parts[i], into);
    } else {
      into.copy_from(parts[i]);
    }
  }
  *item.tensor = whole;
  item.tensor->renew_stamp();
  parts.clear();
  keep_alone(file, item);
  for (const StoredPart& part : item.parts) {
    file.forget(part.name);
  }
}

}  // namespace

void load_tensors(const SafetensorsFile& file, std::span<const NamedTensor> into,
                  std::span<const std::string> ignored) {
  std::unordered_set<std::string> known(ignored.begin(), ignored.end());
  for (const NamedTensor& item : into) {
    known.insert(item.name);
    const Tensor tensor = file.tensor(item.name);
    check_fits(tensor, item.tensor, file.path(), quoted_name(item.name));
    item.tensor.copy_from(tensor);
    item.tensor.renew_stamp();
  }
  check_known(file, known);
}

void map_tensors(const TensorSource& file, std::span<const StoredTensor> into, ThreadPool& pool) {
  const RoundedMemory memory(into);
  pool.run(static_cast<std::int64_t>(into.size()), [&](std::int64_t task) {
    const auto index = static_cast<std::size_t>(task);
    const StoredTensor& item = into[index];
    map_tensor(file, item, rounds(item) ? memory.tensor(index, item) : place_of(item));
  });
}

std::vector<NamedTensor> average_tensors(std::span<const std::filesystem::path> files) {
  const Phase phase("averaging weights");
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
