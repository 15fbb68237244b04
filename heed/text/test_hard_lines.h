// Lines that are hard to tokenize, and what Hugging Face's `tokenizers` made of them
// (tests/data/tokenizers, made by tools/make_tokenizer_fixtures.py).
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/files.h"
#include "heed/base/hash.h"
#include "heed/base/json.h"

namespace heed {

inline Json read_tokenizer_fixture(const std::string& name) {
  const auto path = std::filesystem::path(HEED_SOURCE_DIR) / "tests/data/tokenizers" / name;
  return parse_json(read_file(path), path.string());
}

// As hard_lines() of the script draws them from the parts.
inline std::vector<std::string> hard_lines() {
  const Json fixture = read_tokenizer_fixture("lines.json");
  const auto parts = fixture["parts"].get<std::vector<std::string>>();
  std::uint64_t state = 14;
  const auto below = [&](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  std::vector<std::string> lines(fixture["lines"].get<std::size_t>());
  for (std::string& line : lines) {
    for (std::uint64_t left = below(12); left > 0; --left) {
      line += parts[below(parts.size())];
      if (below(3) == 0) {
        line += ' ';
      }
    }
  }
  return lines;
}

// The hash that the script keeps of some lines.
inline std::string hash_text(std::string_view text) {
  return fmt::format("{:016x}", hash_of(text));
}

}  // namespace heed
