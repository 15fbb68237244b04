// Runs JavaScript without a browser, by an engine that is installed: for tests of the pages'
// scripts.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "heed/base/files.h"

// What a test says that needs an engine, where there is none.
#define HEED_SKIP_WITHOUT_ENGINE(result)                                                 \
  if (!(result).ran) {                                                                   \
    GTEST_SKIP() << "skipped: whether the pages' scripts parse, and what they compute; " \
                    "neither qjs nor node is installed (apt-get install nodejs)";        \
  }

namespace heed {

struct ScriptResult {
  bool ran = false;
  std::string output;  // what it printed, errors included
};

// What the pages' scripts take from a browser before they draw, as far as engines lack it.
inline constexpr const char* engine_prelude = R"script(
  if (typeof atob === "undefined") {
    globalThis.atob = (text) => {
      const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      let bits = 0, count = 0, bytes = "";
      for (const digit of text.replace(/=/g, "")) {
        bits = (bits << 6) | digits.indexOf(digit);
        count += 6;
        if (count >= 8) bytes += String.fromCharCode((bits >> (count -= 8)) & 255);
      }
      return bytes;
    };
  }
  if (typeof Intl === "undefined") {
    globalThis.Intl = { NumberFormat: class { format(value) { return String(value); } } };
  }
)script";

inline ScriptResult run_script(const std::string& script) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("heed_script_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  write_file(folder / "script.js", engine_prelude + script);
  ScriptResult result;
  for (const char* engine : {"qjs", "node"}) {
    if (std::system(fmt::format("command -v {} > /dev/null 2>&1", engine).c_str()) == 0) {
      std::system(
          fmt::format("timeout 60 {0} '{1}/script.js' > '{1}/output' 2>&1", engine, folder.string())
              .c_str());
      result = {true, read_file(folder / "output")};
      break;
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return result;
}

}  // namespace heed
