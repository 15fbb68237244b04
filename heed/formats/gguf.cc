#include "heed/formats/gguf.h"

#include "heed/base/error.h"
#include "heed/formats/mapped_tensor.h"

namespace heed {

GgufFile::GgufFile(const std::filesystem::path& path, Device device)
    : path_(path), device_(device), file_(std::make_shared<const MappedFile>(path)) {
  const std::span<const std::byte> bytes = file_->bytes();
  header_ = std::make_unique<const GgufHeader>(
      std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), path.string());
  for (const GgufEntry& entry : header_->entries()) {
    index_.emplace(entry.name, &entry);
  }
}

const GgufEntry* GgufFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : found->second;
}

Tensor GgufFile::tensor(std::string_view name) const {
  const GgufEntry* entry = find(name);
  check_data(entry != nullptr, "{}: has no tensor {}", path_.string(), quoted_name(name));
  if (!is_in_blocks(entry->type)) {
    return tensor_over_mapping(file_, entry->begin, entry->shape, plain_dtype_of(entry->type),
                               device_, {.file = path_, .name = entry->name});
  }
  const Tensor unpacked = Tensor::empty(entry->shape, DType::float32, device_);
  unpack_blocks(entry->type, file_->bytes().subspan(entry->begin, entry->end - entry->begin),
                unpacked.values<float>());
  return unpacked;
}

void GgufFile::forget(std::string_view name) const {
  if (const GgufEntry* entry = find(name)) {
    file_->forget(entry->begin, entry->end - entry->begin);
  }
}

}  // namespace heed
