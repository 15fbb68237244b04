// heed completion SHELL: scripts that complete commands, options and files, made from the tree of
// commands itself.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "apps/heed/command_line.h"
#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/help.h"
#include "heed/base/error.h"

namespace heed::app {
namespace {

void for_each_command(const CLI::App& command, const std::function<void(const CLI::App&)>& visit) {
  visit(command);
  for (const CLI::App* subcommand : visible_commands(command)) {
    for_each_command(*subcommand, visit);
  }
}

// "" for heed itself, "data check" for its subcommand's subcommand.
std::string path_of(const CLI::App& command) {
  const std::string name = full_name(command);
  const std::size_t space = name.find(' ');
  return space == std::string::npos ? "" : name.substr(space + 1);
}

std::vector<std::string> words_after(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* subcommand : visible_commands(command)) {
    words.push_back(subcommand->get_name());
  }
  for (const CLI::Option* option : visible_options(command)) {
    for (const std::string& name : option_names(*option)) {
      words.push_back(name);
    }
  }
  return words;
}

// Every name of an option that takes a value, in any command.
std::vector<std::string> names_with_value(const CLI::App& application) {
  std::vector<std::string> names;
  for_each_command(application, [&](const CLI::App& command) {
    for (const CLI::Option* option : visible_options(command)) {
      if (option->get_type_size() != 0) {
        for (const std::string& name : option_names(*option)) {
          names.push_back(name);
        }
      }
    }
  });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string bash_script(const CLI::App& application) {
  std::string words;
  std::string paths;
  for_each_command(application, [&](const CLI::App& command) {
    const std::string path = path_of(command);
    words += fmt::format("    '{}') words='{}' ;;\n", path, fmt::join(words_after(command), " "));
    paths += path.empty() ? "" : fmt::format("{}'{}'", paths.empty() ? "" : "|", path);
  });
  return fmt::format(R"(# bash completion for heed
_heed() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local path= next= word= words=
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    next="${{path:+$path }}$word"
    case "$next" in
    {}) path=$next ;;
    esac
  done
  COMPREPLY=()
  case "$previous" in
    {}) COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames; return ;;
  esac
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n $path && $current != -* && ${{#COMPREPLY[@]}} -eq 0 ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    compopt -o filenames
  fi
}}
complete -F _heed heed
)",
                     paths, fmt::join(names_with_value(application), "|"), words);
}

std::string quoted(std::string text, const std::string& special) {
  std::string result;
  for (const char c : text) {
    result += c == '\''                              ? "'\\''"
              : special.find(c) != std::string::npos ? std::string("\\") + c
                                                     : std::string(1, c);
  }
  return result;
}

std::string function_name(const CLI::App& command) {
  std::string name = "_" + full_name(command);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::string zsh_arguments(const CLI::App& command) {
  std::string arguments;
  for (const CLI::Option* option : visible_options(command)) {
    const std::string value = option->get_type_size() != 0 ? ":value:_files" : "";
    for (const std::string& name : option_names(*option)) {
      arguments += fmt::format(" \\\n    '{}[{}]{}'", name,
                               quoted(first_line(option->get_description()), "[]:\\"), value);
    }
  }
  return arguments;
}

std::string zsh_function(const CLI::App& command) {
  const auto subcommands = visible_commands(command);
  const std::string name = function_name(command);
  if (subcommands.empty()) {
    return fmt::format("{}() {{\n  _arguments{} \\\n    '*:file:_files'\n}}\n\n", name,
                       zsh_arguments(command));
  }
  std::string entries;
  std::string branches;
  for (const CLI::App* subcommand : subcommands) {
    entries += fmt::format("    '{}:{}'\n", subcommand->get_name(),
                           quoted(first_line(subcommand->get_description()), ":\\"));
    branches +=
        fmt::format("      {}) {} ;;\n", subcommand->get_name(), function_name(*subcommand));
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

std::string zsh_script(const CLI::App& application) {
  std::string script = "#compdef heed\n\n";
  for_each_command(application, [&](const CLI::App& command) { script += zsh_function(command); });
  return script +
         "if [ \"$funcstack[1]\" = _heed ]; then _heed \"$@\"; else compdef _heed heed; fi\n";
}

// The condition under which the words typed so far name this command.
std::string fish_condition(const CLI::App& command) {
  const std::string path = path_of(command);
  std::string condition = path.empty() ? "__fish_use_subcommand" : "";
  for (const CLI::App* level = &command; level->get_parent() != nullptr;
       level = level->get_parent()) {
    condition = fmt::format("__fish_seen_subcommand_from {}{}{}", level->get_name(),
                            condition.empty() ? "" : "; and ", condition);
  }
  if (!path.empty()) {
    for (const CLI::App* subcommand : visible_commands(command)) {
      condition += fmt::format("; and not __fish_seen_subcommand_from {}", subcommand->get_name());
    }
  }
  return condition;
}

std::string fish_script(const CLI::App& application) {
  std::string script = "# fish completion for heed\n";
  for_each_command(application, [&](const CLI::App& command) {
    const std::string condition = fish_condition(command);
    for (const CLI::App* subcommand : visible_commands(command)) {
      script += fmt::format("complete -c heed -f -n '{}' -a {} -d '{}'\n", condition,
                            subcommand->get_name(),
                            quoted(first_line(subcommand->get_description()), "\\"));
    }
    for (const CLI::Option* option : visible_options(command)) {
      std::string names;
      for (const std::string& name : option_names(*option)) {
        names += name[1] == '-' ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!names.empty()) {
        script += fmt::format("complete -c heed -n '{}'{}{} -d '{}'\n", condition, names,
                              option->get_type_size() != 0 ? " -r" : "",
                              quoted(first_line(option->get_description()), "\\"));
      }
    }
  });
  return script;
}

}  // namespace

void add_completion_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "completion", "Print a script that completes commands and options in a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash, zsh or fish")
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
    write_output(*shell == "bash"  ? bash_script(*heed)
                 : *shell == "zsh" ? zsh_script(*heed)
                                   : fish_script(*heed));
  });
}

}  // namespace heed::app
