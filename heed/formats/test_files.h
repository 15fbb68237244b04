// What the tests of this folder share: a folder of their own, and damaged files.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/random.h"

namespace heed {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(HEED_SOURCE_DIR) / "tests" / "data" / "formats" / name;
}

// first, first + 1, …
inline std::vector<double> ascending(std::int64_t count, double first) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(first + static_cast<double>(i));
  }
  return values;
}

// A fresh folder that goes with the test.
class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "heed-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

// The error that `action` throws.
template <typename Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(ErrorKind::failure, "");
}

// Random damage: a flipped bit, a changed, removed or repeated piece, or a cut. Never the same
// text.
inline std::string damaged(const std::string& original, Random& random) {
  std::string text = original;
  while (text == original) {
    const std::size_t place = random.below(text.size());
    const std::size_t length = 1 + random.below(std::min<std::size_t>(8, text.size() - place));
    switch (random.below(6)) {
      case 0:
      case 1:
        text[place] = static_cast<char>(text[place] ^ (1 << random.below(8)));
        break;
      case 2:
        text[place] = static_cast<char>(random.below(256));
        break;
      case 3:
        text.erase(place, length);
        break;
      case 4:
        text.insert(place, original.substr(place, length));
        break;
      default:
        text.resize(place);
    }
  }
  return text;
}

// Writes without the syncs that make write_file safe and slow. Removed first, because file systems
// also sync a file that is cut to nothing and written again.
inline void write_quickly(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::remove(path);
  std::ofstream stream(path, std::ios::binary);
  stream << content;
  ASSERT_TRUE(stream.flush().good()) << path;
}

// While it lives, no file of this process grows beyond `bytes`: writes fail as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

}  // namespace heed
