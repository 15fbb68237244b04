// A checkpoint: its manifest, its tensors, or another of its files. Each input is tried as it is
// and with checksums that fit it, which lead past the checks of damage.
#include "heed/formats/checkpoint.h"

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/formats/checkpoint_manifest.h"
#include "heed/formats/checksum.h"
#include "heed/tensor/tensor.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

constexpr std::size_t file_count = 3;
constexpr const char* names[file_count] = {checkpoint_manifest_name, "model.safetensors",
                                           "state.json"};

const std::vector<std::string>& sound_files() {
  static const std::vector<std::string> files = [] {
    CheckpointWriter writer(scratch_folder(), 7);
    writer.add_tensors(names[1], {{"weight", Tensor::zeros({2, 3}, DType::float32)}});
    writer.add_file(names[2], "{\"step\": 7}\n");
    const std::filesystem::path directory = writer.commit();
    std::vector<std::string> result;
    for (const char* name : names) {
      result.push_back(read_file(directory / name));
    }
    return result;
  }();
  return files;
}

// The manifest with the checksum of what it says.
std::string with_own_checksum(std::string_view manifest) {
  Json json = parse_json(manifest, "manifest");
  check_data(json.is_object(), "manifest: no object");
  json.erase("crc32c");
  json["crc32c"] = checksum_text(crc32c(json.dump()));
  return json.dump();
}

// A manifest of these tensors and this other file.
std::string manifest_of(std::string_view tensors, std::string_view other) {
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, tensors.data(), std::min<std::size_t>(tensors.size(), 8));
  const std::string_view header = tensors.substr(0, header_size < 1u << 20 ? 8 + header_size : 0);
  return checkpoint_manifest_text(
      {.step = 7,
       .files = {{names[1], {true, tensors.size(), checksum_text(crc32c(header))}},
                 {names[2], {false, other.size(), checksum_text(crc32c(other))}}}});
}

void read_everything(const std::vector<std::string>& files) {
  std::filesystem::create_directories(scratch_folder() / "read");
  for (std::size_t i = 0; i < file_count; ++i) {
    write_scratch(std::string("read/") + names[i], files[i]);
  }
  const CheckpointReader reader(scratch_folder() / "read");
  reader.verify();
  expect(reader.step() >= 0, "a step from 0");
  const std::string text = checkpoint_manifest_text({reader.step(), reader.files()});
  expect(parse_checkpoint_manifest(text, "own").files.size() == reader.files().size(),
         "the same manifest from its own text");
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < file_count; ++i) {
    result.push_back(chosen(i, sound_files()[i]));
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), file_count);
  std::vector<std::string> files = sound_files();
  files[choice.index] = choice.rest;
  attempt([&] { read_everything(files); });
  attempt([&] {
    files[0] = choice.index == 0 ? with_own_checksum(files[0]) : manifest_of(files[1], files[2]);
    read_everything(files);
  });
  return 0;
}
