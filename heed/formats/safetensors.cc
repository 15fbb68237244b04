#include "heed/formats/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/formats/checksum.h"
#include "heed/formats/file_writer.h"
#include "heed/formats/mapped_tensor.h"

namespace heed {

namespace {

constexpr std::string_view checksum_prefix = "crc32c:";

std::string checksum_key(std::string_view name) {
  return std::string(checksum_prefix) + std::string(name);
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  const View view = tensor.view();
  return {view.data,
          static_cast<std::size_t>(tensor.element_count()) * element_size(tensor.dtype())};
}

void check_names(std::span<const NamedTensor> tensors, const SafetensorsMetadata& metadata,
                 const std::string& source) {
  check_usage(tensors.size() <= safetensors_tensor_limit, "{}: {} tensors, at most {} are possible",
              source, tensors.size(), safetensors_tensor_limit);
  std::unordered_set<std::string_view> seen;
  for (const auto& [name, tensor] : tensors) {
    check_usage(tensor.defined(), "{}: tensor {}: is undefined", source, quoted_name(name));
    check_usage(!find_invalid_utf8(name) && name.size() <= safetensors_name_limit,
                "{}: tensor {}: its name is not UTF-8 or longer than {} bytes", source,
                quoted_name(name), safetensors_name_limit);
    check_usage(name != "__metadata__", "{}: no tensor may be called __metadata__", source);
    check_usage(seen.insert(name).second, "{}: tensor {}: given twice", source, quoted_name(name));
  }
  for (const auto& [key, value] : metadata) {
    check_usage(!find_invalid_utf8(key) && !find_invalid_utf8(value),
                "{}: metadata {}: is not UTF-8", source, quoted_name(key));
    check_usage(!key.starts_with(checksum_prefix), "{}: metadata {}: the prefix {} is reserved",
                source, quoted_name(key), checksum_prefix);
  }
}

// Contiguous, wider elements first.
std::vector<NamedTensor> in_file_order(std::span<const NamedTensor> tensors) {
  std::vector<NamedTensor> ordered;
  ordered.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    ordered.push_back({name, tensor.contiguous() ? tensor : tensor.clone()});
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return element_size(a.tensor.dtype()) > element_size(b.tensor.dtype());
  });
  return ordered;
}

SafetensorsHeader describe(std::span<const NamedTensor> tensors,
                           const SafetensorsMetadata& metadata) {
  SafetensorsHeader header{{}, metadata};
  std::uint64_t position = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::span<const std::byte> bytes = bytes_of(tensor);
    header.metadata[checksum_key(name)] = checksum_text(crc32c(bytes));
    header.entries.push_back(
        {name, tensor.dtype(), tensor.shape(), position, position + bytes.size()});
    position += bytes.size();
  }
  return header;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path, Device device)
    : path_(path), device_(device), file_(std::make_shared<MappedFile>(path)) {
  const std::span<const std::byte> bytes = file_->bytes();
  const std::string source = path.string();
  check_data(bytes.size() >= 8, "{}: {} bytes, too short for a safetensors file", source,
             bytes.size());
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  check_data(header_bytes <= safetensors_header_limit,
             "{}: a header of {} bytes, more than the {} that are allowed: not a safetensors file?",
             source, header_bytes, safetensors_header_limit);
  check_data(header_bytes <= bytes.size() - 8,
             "{}: a header of {} bytes in a file of {}; the file may be cut off", source,
             header_bytes, bytes.size());
  data_begin_ = 8 + header_bytes;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, header_bytes);
  header_ = parse_safetensors_header(text, bytes.size() - data_begin_, source);
  for (std::size_t i = 0; i < header_.entries.size(); ++i) {
    index_.emplace(header_.entries[i].name, i);
  }
}

const SafetensorsEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  return found == index_.end() ? nullptr : &header_.entries[found->second];
}

bool SafetensorsFile::has_checksum(std::string_view name) const {
  return header_.metadata.contains(checksum_key(name));
}

std::uint32_t SafetensorsFile::header_checksum() const {
  return crc32c(file_->bytes().first(data_begin_));
}

void SafetensorsFile::verify(const SafetensorsEntry& entry) const {
  const auto expected = header_.metadata.find(checksum_key(entry.name));
  if (expected == header_.metadata.end()) {
    return;
  }
  const auto bytes = file_->bytes().subspan(data_begin_ + entry.begin, entry.end - entry.begin);
  const std::string found = checksum_text(crc32c(bytes));
  check_data(expected->second == found,
             "{}: its bytes have checksum {}, written were {}: the file is damaged; get it again",
             TensorOrigin{path_, entry.name}, found, quoted_name(expected->second));
}

Tensor SafetensorsFile::tensor(std::string_view name) const {
  const SafetensorsEntry* entry = find(name);
  check_data(entry != nullptr, "{}: has no tensor {}", path_.string(), quoted_name(name));
  verify(*entry);
  return tensor_over_mapping(file_, data_begin_ + entry->begin, entry->shape, entry->dtype, device_,
                             {path_, entry->name});
}

void SafetensorsFile::forget(std::string_view name) const {
  if (const SafetensorsEntry* entry = find(name)) {
    file_->forget(data_begin_ + entry->begin, entry->end - entry->begin);
  }
}

SafetensorsSummary write_safetensors(const std::filesystem::path& path,
                                     std::span<const NamedTensor> tensors,
                                     const SafetensorsMetadata& metadata) {
  check_names(tensors, metadata, path.string());
  const std::vector<NamedTensor> ordered = in_file_order(tensors);
  const std::string text = safetensors_header_text(describe(ordered, metadata));
  check_usage(text.size() <= safetensors_header_limit,
              "{}: a header of {} bytes, at most {} are possible", path.string(), text.size(),
              safetensors_header_limit);
  std::string header(8, '\0');
  const std::uint64_t size = text.size();
  std::memcpy(header.data(), &size, 8);
  header += text;
  SafetensorsSummary summary{header.size(), crc32c(header)};
  write_atomically(path, [&](FileWriter& writer) {
    writer.write(header);
    for (const NamedTensor& named : ordered) {
      const std::span<const std::byte> bytes = bytes_of(named.tensor);
      writer.write(bytes);
      summary.byte_count += bytes.size();
    }
  });
  return summary;
}

SafetensorsSummary write_safetensors(const std::filesystem::path& path,
                                     std::initializer_list<NamedTensor> tensors,
                                     const SafetensorsMetadata& metadata) {
  return write_safetensors(path, std::span(tensors.begin(), tensors.size()), metadata);
}

}  // namespace heed
