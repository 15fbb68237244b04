// Completion for zsh.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apps/heed/completion.h"
#include "apps/heed/help.h"

namespace heed::app {

namespace {

std::string zsh_function_name(const CLI::App& command) {
  std::string name = "_" + full_name(command);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// ":message:action", as _arguments takes it.
std::string zsh_offer(const CLI::Option& option) {
  const ValueOffer offer = offer_for(option);
  const std::string name = option.get_positional() ? option.get_name(true) : value_name(option);
  switch (offer.kind) {
    case ValueOffer::Kind::nothing:
      return fmt::format(":{}: ", name);
    case ValueOffer::Kind::words:
      return fmt::format(":{}:({})", name, fmt::join(offer.words, " "));
    case ValueOffer::Kind::keys:
      return fmt::format(":{}:{{compadd -S \"\" -- {}}}", name, fmt::join(offer.words, " "));
    case ValueOffer::Kind::files:
      return fmt::format(":{}:_files", name);
    case ValueOffer::Kind::directories:
      break;
  }
  return fmt::format(":{}:_files -/", name);
}

std::string zsh_arguments(const CLI::App& command) {
  std::string arguments;
  for (const CLI::Option* option : named_options(command)) {
    const std::string value = takes_value(*option) ? zsh_offer(*option) : "";
    for (const std::string& name : option_names(*option)) {
      arguments += fmt::format(" \\\n    '{}[{}]{}'", name,
                               quoted(first_line(option->get_description()), "[]:\\"), value);
    }
  }
  for (const CLI::Option* option : arguments_of(command)) {
    arguments +=
        fmt::format(" \\\n    '{}{}'", takes_several(*option) ? "*" : "", zsh_offer(*option));
  }
  return arguments;
}

std::string zsh_function(const CLI::App& command) {
  const auto subcommands = visible_commands(command);
  const std::string name = zsh_function_name(command);
  if (subcommands.empty()) {
    return fmt::format("{}() {{\n  _arguments{}\n}}\n\n", name, zsh_arguments(command));
  }
  std::string entries;
  std::string branches;
  for (const CLI::App* subcommand : subcommands) {
    entries += fmt::format("    '{}:{}'\n", subcommand->get_name(),
                           quoted(first_line(subcommand->get_description()), ":\\"));
    branches +=
        fmt::format("      {}) {} ;;\n", subcommand->get_name(), zsh_function_name(*subcommand));
  }
  return fmt::format(R"({0}() {{
  local -a commands
  local context state state_descr line
  typeset -A opt_args
  commands=(
{1}  )
  _arguments -C{2} \
    '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
{3}      esac ;;
  esac
}}

)",
                     name, entries, zsh_arguments(command), branches);
}

}  // namespace

std::string zsh_completion(const CLI::App& application) {
  std::string script = "#compdef heed\n\n";
  for_each_command(application, [&](const CLI::App& command) { script += zsh_function(command); });
  return script +
         "if [ \"$funcstack[1]\" = _heed ]; then _heed \"$@\"; else compdef _heed heed; fi\n";
}

}  // namespace heed::app
