// Loads a page in a real browser, where one is installed: for tests of the pages' scripts.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "heed/base/files.h"

namespace heed {

struct BrowserResult {
  bool ran = false;
  std::string seen;  // what the script wrote into the element "seen"
  std::string log;
};

// Loads the page, with `script` appended to it, in headless Chromium.
inline BrowserResult browse(std::string page, const std::string& script) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("heed_browser_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  page.insert(page.rfind("</body>"),
              fmt::format("<pre id=\"seen\"></pre><script>{}</script>", script));
  write_file(folder / "page.html", page);
  const std::string command = fmt::format(
      "timeout -k 5 60 chromium --headless --no-sandbox --disable-gpu --enable-logging=stderr "
      "--window-size=1280,1000 --virtual-time-budget=4000 --user-data-dir='{0}/profile' "
      "--dump-dom '{0}/page.html' > '{0}/document' 2> '{0}/log'",
      folder.string());
  const int status = std::system(command.c_str());
  BrowserResult result;
  result.ran = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  const std::string document = read_file(folder / "document");
  const std::size_t begin = std::min(document.rfind("<pre id=\"seen\">"), document.size());
  result.seen = document.substr(begin, document.find("</pre>", begin) - begin);
  result.log = read_file(folder / "log");
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return result;
}

inline std::string console_messages(const std::string& log) {
  std::string messages;
  for (std::size_t at = log.find("CONSOLE"); at != std::string::npos;
       at = log.find("CONSOLE", at + 1)) {
    messages += log.substr(at, log.find('\n', at) - at) + "\n";
  }
  return messages;
}

}  // namespace heed
