// The tensors of a model directory, in one file or in shards. Constant once it is made: threads may
// share one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "heed/formats/safetensors.h"
#include "heed/formats/tensor_source.h"

namespace heed {

// Reads `model.safetensors`, or else the shards that `model.safetensors.index.json` names:
//   {"metadata": {...}, "weight_map": {"TENSOR": "model-00001-of-00002.safetensors", ...}}
class SafetensorsModel : public TensorSource {
 public:
  // Errors: input_output when neither file is there, and what is there instead, or when shards are
  // missing, which are named; those of SafetensorsFile, naming the index beside a shard; bad_data,
  // naming index and tensor, when a shard's name is not a plain one of this directory, when a
  // tensor is not in the shard that the index names, or when a shard has a tensor that the index
  // does not place there.
  explicit SafetensorsModel(const std::filesystem::path& directory, Device device = {});

  // Of a single file.
  explicit SafetensorsModel(SafetensorsFile file);

  // File by file in the order of their bytes.
  const std::vector<std::string>& names() const override { return names_; }
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  // Null when there is no such tensor.
  const SafetensorsEntry* find(std::string_view name) const;
  // See SafetensorsFile::tensor.
  Tensor tensor(std::string_view name) const override;
  // See SafetensorsFile::forget.
  void forget(std::string_view name) const override;
  const std::filesystem::path& path_of(std::string_view name) const override;
  const std::filesystem::path& place() const override { return directory_; }
  std::uint64_t number_count() const override;
  // Of the only file, or of the first shard.
  const SafetensorsMetadata& metadata() const { return files_.front().metadata(); }

 private:
  void read_index(const std::filesystem::path& index, Device device);
  void add_file(SafetensorsFile file);

  std::filesystem::path directory_;
  std::vector<SafetensorsFile> files_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::size_t> file_of_;
};

// Whether `name` names a file right in a directory: not empty, no '/', not '.' or '..', no NUL.
bool is_plain_file_name(std::string_view name);

}  // namespace heed
