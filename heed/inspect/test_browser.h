// Loads pages in a real browser, where one is installed: for tests of the pages' scripts.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "heed/base/files.h"

// What a test says that needs the browser, where there is none.
#define HEED_SKIP_WITHOUT_BROWSER(result)                                                     \
  if (!(result).ran) {                                                                        \
    GTEST_SKIP() << "skipped: what the page does in a browser; no Chromium that starts here " \
                    "(apt-get install chromium)";                                             \
  }

namespace heed {

struct BrowserResult {
  bool ran = false;
  std::string seen;  // what the script wrote into the element "seen"
  std::string log;
};

// A folder of its own, gone with its keeper.
class BrowserFolder {
 public:
  BrowserFolder()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ("heed_browser_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~BrowserFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BrowserFolder(const BrowserFolder&) = delete;
  BrowserFolder& operator=(const BrowserFolder&) = delete;

  void write(const std::string& name, const std::string& content) const {
    write_file(path_ / name, content);
  }

  // Shows a document of the folder in headless Chromium until its scripts are done.
  BrowserResult show(const std::string& document) const {
    const std::string command = fmt::format(
        "timeout -k 5 120 chromium --headless --no-sandbox --disable-gpu --enable-logging=stderr "
        "--allow-file-access-from-files --window-size=1280,1000 --virtual-time-budget=20000 "
        "--user-data-dir='{0}/profile' --dump-dom '{0}/{1}' > '{0}/document' 2> '{0}/log'",
        path_.string(), document);
    const int status = std::system(command.c_str());
    BrowserResult result;
    result.ran = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    const std::string shown = read_file(path_ / "document");
    const std::size_t begin = std::min(shown.rfind("<pre id=\"seen\">"), shown.size());
    result.seen = shown.substr(begin, shown.find("</pre>", begin) - begin);
    result.log = read_file(path_ / "log");
    return result;
  }

 private:
  std::filesystem::path path_;
};

// Loads the page, with `script` appended to it.
inline BrowserResult browse(std::string page, const std::string& script) {
  const BrowserFolder folder;
  page.insert(page.rfind("</body>"),
              fmt::format("<pre id=\"seen\"></pre><script>{}</script>", script));
  folder.write("page.html", page);
  return folder.show("page.html");
}

// What happens in each frame of browse_everywhere; `actions` stands for ACTIONS.
inline constexpr const char* frame_script = R"script(
  async function look(number, width, theme) {
    const frame = document.createElement("iframe");
    frame.width = width;
    frame.height = 900;
    frame.src = `page-${number}.html?theme=${theme}`;
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
    document.body.append(frame);
    await loaded;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const page = frame.contentDocument, view = frame.contentWindow;
    let line = `${number} ${width} ${theme}:`;
    const say = (name, value) => line += ` ${name}=${value};`;
    const all = (selector) => [...page.querySelectorAll(selector)];
    const paper = () => view.getComputedStyle(page.body).backgroundColor;
    // What a finger sends: nothing before it touches, and the pointer is gone once it lets go.
    const tap = (node, x, y) => {
      const box = node.getBoundingClientRect();
      const at = { pointerType: "touch", clientX: box.left + x * box.width, clientY: box.top + y * box.height };
      for (const name of ["over", "enter", "down", "up", "out", "leave"])
        node.dispatchEvent(new view.PointerEvent("pointer" + name, { ...at, bubbles: name !== "enter" && name !== "leave" }));
      node.dispatchEvent(new view.MouseEvent("mousedown", { ...at, bubbles: true }));
      const focused = node.closest("[tabindex]");
      if (focused !== page.activeElement) {
        page.activeElement.dispatchEvent(new view.FocusEvent("blur"));
        if (focused) focused.focus();
      }
      node.dispatchEvent(new view.PointerEvent("click", { ...at, bubbles: true }));
    };
    const button = page.getElementById("theme");
    say("button", button.hidden ? "hidden" : button.textContent);
    say("paper", paper());
    say("over", page.documentElement.scrollWidth - page.documentElement.clientWidth);
    say("bad", all("svg *").filter((node) => /NaN|Infinity|undefined/.test(node.outerHTML)).length);
    { ACTIONS }
    button.click();
    if (theme === "dark") button.click();
    say("switched", paper());
    frame.remove();
    document.getElementById("seen").append(line + "\n");
  }
  (async () => {
    for (let number = 0; number < PAGES; ++number)
      for (const width of [1280, 390])
        for (const theme of ["light", "dark"]) await look(number, width, theme);
  })();
)script";

// Loads each page 1280 and 390 pixels wide, light and dark. Of each a line is seen: the page's
// number, width and theme, what every page must show (see expect_sound_pages), and what `actions`
// say. They are statements that know page, view (its window), all(selector), say(name, value) and
// tap(node, x, y), a finger at a share of its box.
inline BrowserResult browse_everywhere(const std::vector<std::string>& pages,
                                       const std::string& actions = "") {
  const BrowserFolder folder;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    folder.write(fmt::format("page-{}.html", i), pages[i]);
  }
  std::string script = frame_script;
  script.replace(script.find("ACTIONS"), 7, actions);
  script.replace(script.find("PAGES"), 5, std::to_string(pages.size()));
  folder.write("frames.html",
               fmt::format("<!doctype html><meta charset=\"utf-8\"><body><pre id=\"seen\"></pre>"
                           "<script>{}</script></body>",
                           script));
  return folder.show("frames.html");
}

inline std::string console_messages(const std::string& log) {
  std::string messages;
  for (std::size_t at = log.find("CONSOLE"); at != std::string::npos;
       at = log.find("CONSOLE", at + 1)) {
    messages += log.substr(at, log.find('\n', at) - at) + "\n";
  }
  return messages;
}

// That no page wrote to the console, that each follows the theme of its address and the button, and
// is no wider than the screen.
inline void expect_sound_pages(const BrowserResult& result, std::size_t pages) {
  EXPECT_EQ(console_messages(result.log), "");
  const std::string light = "rgb(252, 252, 253)", dark = "rgb(19, 20, 24)";  // report.css: --paper
  for (std::size_t i = 0; i < pages; ++i) {
    for (const char* width : {"1280", "390"}) {
      for (const bool is_dark : {false, true}) {
        const std::string theme = is_dark ? "dark" : "light";
        const std::string line = fmt::format("{} {} {}: button=Theme: {}; paper={}; over=0; bad=0;",
                                             i, width, theme, theme, is_dark ? dark : light);
        const std::size_t at = result.seen.find(line);
        EXPECT_NE(at, std::string::npos) << line << "\nis not among\n" << result.seen;
        const std::string rest = result.seen.substr(std::min(at, result.seen.size()));
        EXPECT_NE(rest.substr(0, rest.find('\n')).find("switched=" + (is_dark ? light : dark)),
                  std::string::npos)
            << rest;
      }
    }
  }
}

}  // namespace heed
