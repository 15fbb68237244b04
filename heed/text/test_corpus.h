// Text for the tests of this folder: made-up sentences, and directories that clean up after
// themselves.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "heed/base/random.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("heed_text_test_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string made_up_sentence(Random& random, const std::vector<std::string>& words) {
  std::string line;
  const std::uint64_t length = 3 + random.below(9);
  for (std::uint64_t i = 0; i < length; ++i) {
    line += (i == 0 ? "" : " ") + words[random.below(words.size())];
  }
  return line + ".";
}

// `count` pairs of sentences, always the same.
inline PairStream made_up_corpus(int count) {
  return [count](const PairVisitor& visit) {
    static const std::vector<std::string> english{
        "the",   "a",       "dog",   "dogs",   "plays",   "playing", "player",
        "in",    "on",      "green", "grass",  "young",   "younger", "man",
        "woman", "running", "runs",  "street", "streets", "two"};
    static const std::vector<std::string> german{"der",    "die",     "das",  "Hund",   "Hunde",
                                                 "spielt", "spielen", "Gras", "grünes", "Straße",
                                                 "junge",  "jünger",  "Mann", "läuft"};
    Random random(7);
    for (int i = 0; i < count; ++i) {
      const std::string source = made_up_sentence(random, english);
      visit(source, made_up_sentence(random, german));
    }
  };
}

}  // namespace heed
