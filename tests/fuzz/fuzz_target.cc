#include "tests/fuzz/fuzz_target.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace heed::fuzz {

namespace {

// Longer ones no longer tell what is wrong: something put its input into the message.
constexpr std::size_t message_limit = 4000;

class ScratchFolder {
 public:
  ScratchFolder() {
    // In memory where possible: some parsers' files are synced.
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = ::access(memory.c_str(), W_OK) == 0;
    std::string pattern =
        ((usable ? memory : std::filesystem::temp_directory_path()) / "heed-fuzz-XXXXXX").string();
    expect(::mkdtemp(pattern.data()) != nullptr, "cannot create a scratch folder");
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

Outcome& outcome() {
  static Outcome outcome;
  return outcome;
}

void expect(bool condition, std::string_view what) {
  if (!condition) {
    std::fprintf(stderr, "broken expectation: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
  }
}

void note_refusal(const Error& error) {
  outcome().refusals.emplace_back(error.what());
  const std::string& message = outcome().refusals.back();
  expect(!message.empty() && message.size() <= message_limit, "a message of readable length");
}

Choice choice_of(std::string_view input, std::size_t count) {
  if (input.empty()) {
    return {};
  }
  return {static_cast<unsigned char>(input.front()) % count, input.substr(1)};
}

std::string chosen(std::size_t index, std::string_view rest) {
  return std::string(1, static_cast<char>(index)) + std::string(rest);
}

const std::filesystem::path& scratch_folder() {
  static const ScratchFolder folder;
  return folder.path();
}

std::filesystem::path write_scratch(const std::string& name, std::string_view content) {
  const std::filesystem::path path = scratch_folder() / name;
  // Some file systems also sync a file that is cut to nothing and written again.
  std::filesystem::remove(path);
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  expect(file.flush().good(), "room for a scratch file");
  return path;
}

std::vector<std::string> files_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace heed::fuzz
