// heed completion SHELL.
#include "apps/heed/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "apps/heed/choices.h"
#include "apps/heed/command_line.h"
#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "apps/heed/help.h"
#include "apps/heed/recipe_keys.h"

namespace heed::app {

ValueOffer offer_for(const CLI::Option& option) {
  if (!takes_value(option)) {
    return {};
  }
  if (auto words = choices_of(option); !words.empty()) {
    return {ValueOffer::Kind::words, std::move(words)};
  }
  const std::string value = value_name(option);
  if (value == key_value || value == key_values || value == option_value) {
    ValueOffer offer{ValueOffer::Kind::keys};
    for (const std::string& key :
         value == option_value ? position_option_names() : recipe_key_names()) {
      offer.words.push_back(key + "=");
    }
    return offer;
  }
  return {value == file_value        ? ValueOffer::Kind::files
          : value == directory_value ? ValueOffer::Kind::directories
                                     : ValueOffer::Kind::nothing};
}

void for_each_command(const CLI::App& command, const std::function<void(const CLI::App&)>& visit) {
  visit(command);
  for (const CLI::App* subcommand : visible_commands(command)) {
    for_each_command(*subcommand, visit);
  }
}

std::string path_of(const CLI::App& command) {
  const std::string name = full_name(command);
  const std::size_t space = name.find(' ');
  return space == std::string::npos ? "" : name.substr(space + 1);
}

std::vector<const CLI::Option*> named_options(const CLI::App& command) {
  std::vector<const CLI::Option*> options = visible_options(command);
  std::erase_if(options, [](const CLI::Option* option) { return option->get_positional(); });
  return options;
}

std::vector<const CLI::Option*> arguments_of(const CLI::App& command) {
  std::vector<const CLI::Option*> options = visible_options(command);
  std::erase_if(options, [](const CLI::Option* option) { return !option->get_positional(); });
  return options;
}

std::string quoted(std::string_view text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += special.find(c) != std::string_view::npos ? "\\" : "";
      result += c;
    }
  }
  return result;
}

void add_completion_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "completion", "Print a script that completes commands, options and their values in a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n"
      "  source <(heed completion bash)                    in this shell\n"
      "  heed completion zsh > ~/.zfunc/_heed              a folder of $fpath\n"
      "  heed completion fish > ~/.config/fish/completions/heed.fish");
  command->callback([shell] {
    int exit_code = 0;
    const auto heed = make_command_line(exit_code);  // with every command, not with this one alone
    write_output(*shell == "bash"  ? bash_completion(*heed)
                 : *shell == "zsh" ? zsh_completion(*heed)
                                   : fish_completion(*heed));
  });
}

}  // namespace heed::app
