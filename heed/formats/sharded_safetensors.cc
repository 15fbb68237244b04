#include "heed/formats/sharded_safetensors.h"

#include <set>
#include <string_view>

#include "heed/base/error.h"
#include "heed/base/files.h"
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

// "model-00002-of-00003.safetensors", or nothing.
std::string find_shard(const std::filesystem::path& directory) {
  std::string first;
  std::error_code closed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, closed)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".safetensors") && name.find("-of-") != std::string::npos &&
        (first.empty() || name < first)) {
      first = name;
    }
  }
  return first;
}

[[noreturn]] void fail_without_weights(const std::filesystem::path& directory) {
  const std::string shard = find_shard(directory);
  check_io(shard.empty(),
           "{}: has {}, a part of a model, but no model.safetensors.index.json, which says what "
           "lies where; copy that from where the model came from",
           directory.string(), shard);
  check_io(!path_exists(directory / "pytorch_model.bin") &&
               !path_exists(directory / "pytorch_model.bin.index.json"),
           "{}: has its weights in pytorch_model.bin, which is not read; in Transformers, "
           "save_pretrained(..., safe_serialization=True) writes model.safetensors",
           directory.string());
  fail(ErrorKind::input_output,
       "{}: has neither model.safetensors nor model.safetensors.index.json", directory.string());
}

// Before any is opened, so that the message tells of all that are to be copied.
void check_all_there(const std::filesystem::path& index, const std::set<std::string>& shards) {
  std::vector<std::string_view> missing;
  for (const std::string& shard : shards) {
    if (!path_exists(index.parent_path() / shard)) {
      missing.push_back(shard);
    }
  }
  check_io(missing.empty(),
           "{}: {} of the {} files that it names are missing beside it: {}; copy them from where "
           "the model came from",
           index.string(), missing.size(), shards.size(), missing);
}

SafetensorsFile open_shard(const std::filesystem::path& index, const std::string& shard,
                           Device device) {
  try {
    return SafetensorsFile(index.parent_path() / shard, device);
  } catch (const Error& error) {
    fail(error.kind(), "{} (one of the files that {} names; copy it anew)", error.what(),
         index.filename().string());
  }
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
  if (path_exists(whole)) {
    add_file(SafetensorsFile(whole, device));
  } else if (path_exists(index)) {
    read_index(index, device);
  } else {
    fail_without_weights(directory);
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
  check_all_there(index, shards);
  for (const std::string& shard : shards) {
    add_file(open_shard(index, shard, device));
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

std::uint64_t SafetensorsModel::number_count() const {
  std::uint64_t count = 0;
  for (const SafetensorsFile& file : files_) {
    for (const SafetensorsEntry& entry : file.entries()) {
      count += (entry.end - entry.begin) / element_size(entry.dtype);
    }
  }
  return count;
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
