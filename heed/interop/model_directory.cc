#include "heed/interop/model_directory.h"

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"

namespace heed {

namespace fs = std::filesystem;

fs::path model_directory_of(const fs::path& directory) {
  std::error_code error;
  check_io(fs::is_directory(directory, error), "{}: no such directory", directory.string());
  if (fs::exists(directory / "config.json", error)) {
    return directory;
  }
  for (const char* link : {"best", "last"}) {
    if (fs::exists(directory / link / "config.json", error)) {
      fs::path target = fs::canonical(directory / link, error);
      check_io(!error, "{}: cannot follow the link: {}", (directory / link).string(),
               error.message());
      return target;
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

}  // namespace heed
