#include "heed/formats/checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/checkpoint_manifest.h"
#include "heed/formats/checksum.h"
#include "heed/formats/mapped_tensor.h"
#include "heed/formats/sharded_safetensors.h"

namespace heed {

namespace {

constexpr std::uint64_t manifest_limit = 16u << 20;

// Gives `folder` the name `target`. What was there under that name, if anything, is left at
// `folder`. There is no moment at which nothing is called `target`, where the file system can
// exchange two names; elsewhere the moment lies between two renames.
void move_into_place(const std::filesystem::path& folder, const std::filesystem::path& target) {
  if (::rename(folder.c_str(), target.c_str()) == 0) {
    return;
  }
  check_io(errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR, "{}: cannot create: {}",
           target.string(), std::strerror(errno));
  if (::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
    return;
  }
  const std::filesystem::path aside = folder.string() + ".old";
  const bool replaced = ::rename(target.c_str(), aside.c_str()) == 0 &&
                        ::rename(folder.c_str(), target.c_str()) == 0 &&
                        ::rename(aside.c_str(), folder.c_str()) == 0;
  check_io(replaced, "{}: cannot replace: {}", target.string(), std::strerror(errno));
}

// Adds what to do to an error that blames the content.
template <typename Read>
auto with_advice(const std::filesystem::path& directory, Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_data) {
      throw;
    }
    fail(ErrorKind::bad_data,
         "{}; the checkpoint is damaged: resume from another one, and delete {}", error.what(),
         directory.string());
  }
}

}  // namespace

CheckpointWriter::CheckpointWriter(const std::filesystem::path& run_directory, std::int64_t step)
    : run_directory_(run_directory), step_(step) {
  check(step >= 0, "checkpoint: step {} is negative", step);
  temporary_ = temporary_checkpoint_path(run_directory, step);
  std::error_code error;
  std::filesystem::remove_all(temporary_, error);
  std::filesystem::create_directory(temporary_, error);
  check_io(!error, "{}: cannot create: {}", temporary_.string(), error.message());
}

CheckpointWriter::~CheckpointWriter() {
  abandon();
}

void CheckpointWriter::abandon() noexcept {
  if (!temporary_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(temporary_, ignored);
    temporary_.clear();
  }
}

std::filesystem::path CheckpointWriter::path_of_new(const std::string& file_name) const {
  check(!temporary_.empty(), "checkpoint of step {}: written to after commit or failure", step_);
  check_usage(is_plain_file_name(file_name) && !find_invalid_utf8(file_name) &&
                  file_name != checkpoint_manifest_name && !files_.contains(file_name),
              "checkpoint of step {}: {} is not a plain file name, or is taken", step_,
              quoted_name(file_name));
  return temporary_ / file_name;
}

void CheckpointWriter::add_tensors(const std::string& file_name,
                                   std::span<const NamedTensor> tensors,
                                   const SafetensorsMetadata& metadata) {
  try {
    const SafetensorsSummary summary = write_safetensors(path_of_new(file_name), tensors, metadata);
    files_[file_name] = {true, summary.byte_count, checksum_text(summary.header_checksum)};
  } catch (...) {
    abandon();
    throw;
  }
}

void CheckpointWriter::add_tensors(const std::string& file_name,
                                   std::initializer_list<NamedTensor> tensors,
                                   const SafetensorsMetadata& metadata) {
  add_tensors(file_name, std::span(tensors.begin(), tensors.size()), metadata);
}

void CheckpointWriter::add_file(const std::string& file_name, std::string_view content) {
  try {
    write_file(path_of_new(file_name), content);
    files_[file_name] = {false, content.size(), checksum_text(crc32c(content))};
  } catch (...) {
    abandon();
    throw;
  }
}

std::filesystem::path CheckpointWriter::commit() {
  const std::filesystem::path target = checkpoint_path(run_directory_, step_);
  try {
    check(!temporary_.empty(), "checkpoint of step {}: committed after commit or failure", step_);
    write_file(temporary_ / checkpoint_manifest_name, checkpoint_manifest_text({step_, files_}));
    sync_directory(temporary_);
    move_into_place(temporary_, target);
  } catch (...) {
    abandon();
    throw;
  }
  sync_directory(run_directory_);
  abandon();  // what now stands there is the checkpoint that was replaced, if there was one
  return target;
}

CheckpointReader::CheckpointReader(const std::filesystem::path& directory) {
  std::error_code error;
  directory_ = std::filesystem::canonical(directory, error);
  check_io(!error, "{}: no such checkpoint: {}", directory.string(), error.message());
  const std::filesystem::path path = directory_ / checkpoint_manifest_name;
  with_advice(directory_, [&] {
    CheckpointManifest manifest =
        parse_checkpoint_manifest(read_file(path, manifest_limit), path.string());
    step_ = manifest.step;
    files_ = std::move(manifest.files);
    for (const auto& [name, file] : files_) {
      const std::filesystem::path file_path = directory_ / name;
      std::error_code missing;
      const std::uint64_t size = std::filesystem::file_size(file_path, missing);
      check_data(!missing, "{}: {}", file_path.string(), missing.message());
      check_data(size == file.byte_count, "{}: {} bytes, written were {}", file_path.string(), size,
                 file.byte_count);
    }
  });
}

const CheckpointFile& CheckpointReader::find(const std::string& file_name, bool has_tensors) const {
  const auto found = files_.find(file_name);
  check_data(found != files_.end() && found->second.has_tensors == has_tensors,
             "{}: has no {} called {}", directory_.string(),
             has_tensors ? "file of tensors" : "plain file", quoted_name(file_name));
  return found->second;
}

SafetensorsFile CheckpointReader::tensors(const std::string& file_name, Device device) const {
  const CheckpointFile& expected = find(file_name, true);
  return with_advice(directory_, [&] {
    SafetensorsFile file(directory_ / file_name, device);
    check_data(file.byte_count() == expected.byte_count &&
                   checksum_text(file.header_checksum()) == expected.checksum,
               "{}: the header is damaged: wrong checksum", file.path().string());
    for (const SafetensorsEntry& entry : file.entries()) {
      check_data(file.has_checksum(entry.name), "{}: tensor {}: has no checksum",
                 file.path().string(), quoted_name(entry.name));
      file.verify(entry);
    }
    return file;
  });
}

std::string CheckpointReader::file(const std::string& file_name) const {
  const CheckpointFile& expected = find(file_name, false);
  return with_advice(directory_, [&] {
    const std::filesystem::path path = directory_ / file_name;
    std::string content = read_file(path, expected.byte_count);
    check_data(content.size() == expected.byte_count &&
                   checksum_text(crc32c(content)) == expected.checksum,
               "{}: is damaged: wrong checksum", path.string());
    return content;
  });
}

void CheckpointReader::verify() const {
  for (const auto& [name, expected] : files_) {
    if (expected.has_tensors) {
      tensors(name);
    } else {
      file(name);
    }
  }
}

}  // namespace heed
