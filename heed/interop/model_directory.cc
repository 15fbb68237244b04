#include "heed/interop/model_directory.h"

#include <unistd.h>

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/text/tokenizer_factory.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// A fresh directory under the system's temporary one, removed with everything in it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = (fs::temp_directory_path() / "heed-XXXXXX").string();
    check_io(::mkdtemp(pattern.data()) != nullptr, "{}: cannot create a temporary directory",
             pattern);
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

fs::path model_directory_of(const fs::path& directory) {
  std::error_code error;
  check_io(fs::is_directory(directory, error), "{}: no such directory", directory.string());
  if (fs::exists(directory / "config.json", error)) {
    return directory;
  }
  for (const char* link : {"best", "last"}) {
    if (fs::exists(directory / link / "config.json", error)) {
      return fs::canonical(directory / link);
    }
  }
  fail(ErrorKind::input_output,
       "{}: neither a model directory (no config.json) nor a run with a checkpoint (no best or "
       "last)",
       directory.string());
}

Json read_model_json(const fs::path& path) {
  constexpr std::uint64_t limit = 64u << 20;
  return parse_json(read_file(path, limit), path.string());
}

std::vector<StoredTensor> stored_parameters_of(Module& module) {
  const std::vector<NamedTensor> parts = stored_tensors_of(module);
  std::vector<StoredTensor> result;
  auto part = parts.begin();
  for (const NamedParameter& item : parameters_of(module)) {
    Tensor& tensor = item.parameter->value;
    const auto end = std::find_if(part, parts.end(), [&](const NamedTensor& other) {
      return other.tensor.storage() != tensor.storage();
    });
    result.push_back({&tensor, {part, end}});
    part = end;
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> tokenizer_files(const TokenizerPair& tokenizers) {
  const ScratchDirectory scratch;
  save_tokenizers(tokenizers, scratch.path());
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    files.emplace_back(entry.path().filename().string(), read_file(entry.path()));
  }
  return files;
}

}  // namespace heed
