// --theme of the commands that draw.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "heed/inspect/colour_scale.h"

namespace heed::app {

// --theme light or dark.
CLI::Option* add_theme_option(CLI::App& command, std::string& theme);

// What was chosen for a file that ends in `form` (".html"); nothing: the reader's preference, or
// the light one in pixels. Errors (usage): files of this form have no colours.
std::optional<Theme> chosen_theme(const std::string& theme, const std::string& form);

}  // namespace heed::app
