#include "heed/formats/sharded_safetensors.h"

#include <set>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/formats/mapped_tensor.h"

namespace heed {

namespace {

constexpr std::size_t shard_limit = 10'000;

using ShardMap = std::unordered_map<std::string, std::string>;

// Tensor to file name, the latter checked to be plain.
ShardMap parse_index(const std::filesystem::path& path) {
  const std::string source = path.string();
  const Json json = parse_json(read_file(path, safetensors_header_limit), source);
  check_data(json.is_object() && json.contains("weight_map") && json["weight_map"].is_object(),
             "{}: has no weight_map of tensors to files", source);
  ShardMap shard_of;
  for (const auto& [name, shard] : json["weight_map"].items()) {
    check_data(shard.is_string() && is_plain_file_name(shard.get_ref<const std::string&>()),
               "{}: tensor {}: expected the name of a file beside the index, got {}", source,
               quoted_name(name), quoted_name(shard.dump()));
    shard_of.emplace(name, shard.get<std::string>());
  }
  check_data(!shard_of.empty(), "{}: its weight_map is empty", source);
  return shard_of;
}

}  // namespace

bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

SafetensorsModel::SafetensorsModel(const std::filesystem::path& directory, Device device)
    : directory_(directory) {
  const std::filesystem::path whole = directory / "model.safetensors";
  const std::filesystem::path index = directory / "model.safetensors.index.json";
  std::error_code ignored;
  if (std::filesystem::exists(whole, ignored)) {
    add_file(SafetensorsFile(whole, device));
  } else {
    check_io(std::filesystem::exists(index, ignored),
             "{}: has neither model.safetensors nor model.safetensors.index.json",
             directory.string());
    read_index(index, device);
  }
}

SafetensorsModel::SafetensorsModel(SafetensorsFile file) : directory_(file.path().parent_path()) {
  add_file(std::move(file));
}

void SafetensorsModel::add_file(SafetensorsFile file) {
  files_.push_back(std::move(file));
  for (const SafetensorsEntry& entry : files_.back().entries()) {
    names_.push_back(entry.name);
    file_of_.emplace(entry.name, files_.size() - 1);
  }
}

void SafetensorsModel::read_index(const std::filesystem::path& index, Device device) {
  const ShardMap shard_of = parse_index(index);
  std::set<std::string> shards;
  for (const auto& [name, shard] : shard_of) {
    shards.insert(shard);
  }
  check_data(shards.size() <= shard_limit, "{}: {} shards, at most {} are possible", index.string(),
             shards.size(), shard_limit);
  for (const std::string& shard : shards) {
    add_file(SafetensorsFile(directory_ / shard, device));
    for (const SafetensorsEntry& entry : files_.back().entries()) {
      const auto placed = shard_of.find(entry.name);
      check_data(placed != shard_of.end() && placed->second == shard,
                 "{}: tensor {}: is in {}, where the index does not place it", index.string(),
                 quoted_name(entry.name), quoted_name(shard));
    }
  }
  for (const auto& [name, shard] : shard_of) {
    check_data(contains(name), "{}: tensor {}: is not in {}, where the index places it",
               index.string(), quoted_name(name), quoted_name(shard));
  }
}

const SafetensorsEntry* SafetensorsModel::find(std::string_view name) const {
  const auto found = file_of_.find(std::string(name));
  return found == file_of_.end() ? nullptr : files_[found->second].find(name);
}

const std::filesystem::path& SafetensorsModel::path_of(std::string_view name) const {
  const auto found = file_of_.find(std::string(name));
  return found == file_of_.end() ? directory_ : files_[found->second].path();
}

std::uint64_t SafetensorsModel::byte_count() const {
  std::uint64_t bytes = 0;
  for (const SafetensorsFile& file : files_) {
    bytes += file.byte_count();
  }
  return bytes;
}

Tensor SafetensorsModel::tensor(std::string_view name) const {
  const auto found = file_of_.find(std::string(name));
  check_data(found != file_of_.end(), "{}: has no tensor {}", directory_.string(),
             quoted_name(name));
  return files_[found->second].tensor(name);
}

void SafetensorsModel::forget(std::string_view name) const {
  if (const auto found = file_of_.find(std::string(name)); found != file_of_.end()) {
    files_[found->second].forget(name);
  }
}

}  // namespace heed
