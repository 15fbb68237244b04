// Scripts that complete a command line in a shell, made from the tree of commands itself.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace heed::app {

std::string bash_completion(const CLI::App& application);
std::string zsh_completion(const CLI::App& application);
std::string fish_completion(const CLI::App& application);

// What a shell offers for the value of an option or argument.
struct ValueOffer {
  enum class Kind { nothing, words, keys, files, directories };  // keys: words that end in "="
  Kind kind = Kind::nothing;
  std::vector<std::string> words = {};
};
ValueOffer offer_for(const CLI::Option& option);

// The command and all below it, parents first.
void for_each_command(const CLI::App& command, const std::function<void(const CLI::App&)>& visit);

// "" for heed itself, "data check" for its subcommand's subcommand.
std::string path_of(const CLI::App& command);

// The options with names, and those without.
std::vector<const CLI::Option*> named_options(const CLI::App& command);
std::vector<const CLI::Option*> arguments_of(const CLI::App& command);

// `text` for a string in single quotes, with a backslash before each of the `special` characters.
std::string quoted(std::string_view text, std::string_view special);

}  // namespace heed::app
