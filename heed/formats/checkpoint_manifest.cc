#include "heed/formats/checkpoint_manifest.h"

#include <fmt/format.h>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/formats/checksum.h"
#include "heed/formats/mapped_tensor.h"
#include "heed/formats/sharded_safetensors.h"

namespace heed {

namespace {

constexpr std::string_view format_name = "heed checkpoint 1";

// Only members of the expected names and types are looked at; all else is damage.
const Json& member(const Json& object, const char* key, Json::value_t type,
                   const std::string& source) {
  const auto found = object.find(key);
  check_data(found != object.end() && found->type() == type, "{}: {} is missing or damaged", source,
             key);
  return *found;
}

CheckpointFile parse_file(const Json& json, const std::string& source) {
  check_data(json.is_object() && json.size() == 3, "{}: is damaged", source);
  CheckpointFile file;
  file.has_tensors = member(json, "tensors", Json::value_t::boolean, source).get<bool>();
  file.byte_count =
      member(json, "bytes", Json::value_t::number_unsigned, source).get<std::uint64_t>();
  file.checksum = member(json, "crc32c", Json::value_t::string, source).get<std::string>();
  return file;
}

}  // namespace

std::string checkpoint_manifest_text(const CheckpointManifest& manifest) {
  Json json;
  json["format"] = format_name;
  json["step"] = static_cast<std::uint64_t>(manifest.step);
  json["files"] = Json::object();
  for (const auto& [name, file] : manifest.files) {
    json["files"][name] = {
        {"tensors", file.has_tensors}, {"bytes", file.byte_count}, {"crc32c", file.checksum}};
  }
  json["crc32c"] = checksum_text(crc32c(json.dump()));
  return json.dump(2) + "\n";
}

CheckpointManifest parse_checkpoint_manifest(std::string_view text, const std::string& source) {
  Json json = parse_json(text, source);
  check_data(json.is_object() && json.size() == 4, "{}: not the description of a checkpoint",
             source);
  check_data(member(json, "format", Json::value_t::string, source) == format_name,
             "{}: its format is not \"{}\"", source, format_name);
  const std::string written = member(json, "crc32c", Json::value_t::string, source);
  json.erase("crc32c");
  check_data(written == checksum_text(crc32c(json.dump())), "{}: is damaged: wrong checksum",
             source);
  CheckpointManifest manifest;
  const Json& step = member(json, "step", Json::value_t::number_unsigned, source);
  check_data(std::in_range<std::int64_t>(step.get<std::uint64_t>()), "{}: step {} is too large",
             source, step.dump());
  manifest.step = step.get<std::int64_t>();
  for (const auto& [name, file] : member(json, "files", Json::value_t::object, source).items()) {
    check_data(is_plain_file_name(name) && name != checkpoint_manifest_name,
               "{}: {} is not the name of a file in a checkpoint", source, quoted_name(name));
    manifest.files.emplace(
        name, parse_file(file, fmt::format("{}: {}", source, quoted_name(name).text())));
  }
  return manifest;
}

}  // namespace heed
