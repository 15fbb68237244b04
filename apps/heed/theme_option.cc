#include "apps/heed/theme_option.h"

#include "heed/base/error.h"

namespace heed::app {

CLI::Option* add_theme_option(CLI::App& command, std::string& theme) {
  return command.add_option("--theme", theme, "Pages and pictures: light or dark")
      ->check(CLI::IsMember({"light", "dark"}));
}

std::optional<Theme> chosen_theme(const std::string& theme, const std::string& form) {
  if (theme.empty()) {
    return std::nullopt;
  }
  check_usage(form == ".html" || form == ".svg" || form == ".png",
              "--theme: is for .html, .svg and .png; {} has no colours", form);
  return theme == "dark" ? Theme::dark : Theme::light;
}

}  // namespace heed::app
