// GGUF files, in which llama.cpp keeps models: read, over the mapped file.
//
//   const GgufFile file("model.gguf");
//   file.header().text("general.architecture");
//   Tensor weight = file.tensor("blk.0.attn_q.weight");
//
// Thread-safety: constant once it is made; threads may share one.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "heed/base/files.h"
#include "heed/formats/gguf_header.h"
#include "heed/tensor/tensor.h"

namespace heed {

class GgufFile {
 public:
  // Errors name the file: input_output when it cannot be read, those of GgufHeader.
  explicit GgufFile(const std::filesystem::path& path, Device device = {});

  const std::filesystem::path& path() const { return path_; }
  const GgufHeader& header() const { return *header_; }
  // Null when there is no such tensor.
  const GgufEntry* find(std::string_view name) const;

  // A tensor of a plain type, over the mapped file; one in blocks unpacked, in float32. Error
  // (bad_data): no such tensor.
  Tensor tensor(std::string_view name) const;
  // See MappedFile::forget.
  void forget(std::string_view name) const;

 private:
  std::filesystem::path path_;
  Device device_;
  std::shared_ptr<const MappedFile> file_;
  std::unique_ptr<const GgufHeader> header_;
  std::unordered_map<std::string_view, const GgufEntry*> index_;
};

}  // namespace heed
