// Files of named tensors in the safetensors format, read without copying and written so that the
// same tensors always give the same bytes.
//
//   write_safetensors("model.safetensors", {{"weight", weight}}, {{"format", "pt"}});
//   SafetensorsFile file("model.safetensors");
//   Tensor weight = file.tensor("weight");
//
// Written files carry a CRC32C of each tensor's bytes in their metadata (key "crc32c:NAME"), which
// other readers ignore; tensor() checks it where it is present.
//
// Thread-safety: functions from any thread; a SafetensorsFile may be shared.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "heed/base/files.h"
#include "heed/formats/safetensors_header.h"
#include "heed/tensor/named_tensor.h"

namespace heed {

class SafetensorsFile {
 public:
  // Maps the file and checks its header (see parse_safetensors_header). Errors name the file:
  // input_output when it cannot be read, bad_data when it is not what it should be.
  explicit SafetensorsFile(const std::filesystem::path& path, Device device = {});

  const std::filesystem::path& path() const { return path_; }
  const std::vector<SafetensorsEntry>& entries() const { return header_.entries; }
  const SafetensorsMetadata& metadata() const { return header_.metadata; }
  // Null when there is no such tensor.
  const SafetensorsEntry* find(std::string_view name) const;

  // The tensor, over the mapped file: alive without this object, undefined once someone cuts the
  // file; what is written to it stays in memory. Errors (bad_data) name file and tensor: missing, a
  // wrong checksum, a bool that is neither 0 nor 1.
  Tensor tensor(std::string_view name) const;
  // Gives the memory of a tensor's bytes back: for one that nobody holds any more while the file
  // stays mapped. Who asks for it again reads it again. No such tensor: nothing.
  void forget(std::string_view name) const;
  bool has_checksum(std::string_view name) const;
  // Throws (bad_data) when the entry's bytes do not have the checksum that was written with them.
  void verify(const SafetensorsEntry& entry) const;

  std::uint64_t byte_count() const { return file_->bytes().size(); }
  // CRC32C of everything before the first tensor's bytes.
  std::uint32_t header_checksum() const;

 private:
  std::filesystem::path path_;
  Device device_;
  std::shared_ptr<const MappedFile> file_;
  std::uint64_t data_begin_ = 0;
  SafetensorsHeader header_;
  std::unordered_map<std::string, std::size_t> index_;
};

struct SafetensorsSummary {
  std::uint64_t byte_count = 0;
  std::uint32_t header_checksum = 0;
};

// Writes tensors (strided ones too) and metadata, replacing `path` atomically. Wider elements come
// first, as in the reference implementation, so that all data is aligned; otherwise the given order
// is kept. Errors: usage for a name or a metadata key that is not UTF-8, repeated or reserved;
// input_output when the file cannot be written, and then `path` is as before.
SafetensorsSummary write_safetensors(const std::filesystem::path& path,
                                     std::span<const NamedTensor> tensors,
                                     const SafetensorsMetadata& metadata = {});
SafetensorsSummary write_safetensors(const std::filesystem::path& path,
                                     std::initializer_list<NamedTensor> tensors,
                                     const SafetensorsMetadata& metadata = {});

}  // namespace heed
