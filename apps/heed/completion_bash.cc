// Completion for bash.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/heed/completion.h"
#include "apps/heed/help.h"

namespace heed::app {

namespace {

// What completes a value: a command of the script that sets COMPREPLY.
std::string bash_offer(const ValueOffer& offer) {
  switch (offer.kind) {
    case ValueOffer::Kind::nothing:
      return ":";
    case ValueOffer::Kind::words:
      return fmt::format("_heed_words '{}'", fmt::join(offer.words, " "));
    case ValueOffer::Kind::keys:
      return fmt::format("compopt -o nospace; _heed_words '{}'", fmt::join(offer.words, " "));
    case ValueOffer::Kind::files:
      return "_heed_files -f";
    case ValueOffer::Kind::directories:
      break;
  }
  return "_heed_files -d";
}

// The values of all options of a command, as branches of a case over "path --option".
std::string bash_values(const CLI::App& command) {
  std::string branches;
  for (const CLI::Option* option : named_options(command)) {
    if (takes_value(*option)) {
      std::string patterns;
      for (const std::string& name : option_names(*option)) {
        patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : "|", path_of(command), name);
      }
      branches += fmt::format("    {}) {}; return ;;\n", patterns, bash_offer(offer_for(*option)));
    }
  }
  return branches;
}

// What can follow a command: its options, and behind them its commands or arguments.
std::string bash_words(const CLI::App& command) {
  std::vector<std::string> options;
  for (const CLI::Option* option : named_options(command)) {
    for (const std::string& name : option_names(*option)) {
      options.push_back(name);
    }
  }
  std::vector<std::string> commands;
  for (const CLI::App* subcommand : visible_commands(command)) {
    commands.push_back(subcommand->get_name());
  }
  std::string rest = fmt::format("_heed_words '{}'", fmt::join(commands, " "));
  if (const auto arguments = arguments_of(command); !arguments.empty()) {
    rest = bash_offer(offer_for(*arguments.front()));
  } else if (commands.empty()) {
    rest = "_heed_words \"$options\"";
  }
  return fmt::format("    '{}') options='{}'; [[ $current == -* ]] || {{ {}; return; }} ;;\n",
                     path_of(command), fmt::join(options, " "), rest);
}

}  // namespace

std::string bash_completion(const CLI::App& application) {
  std::string values, words, paths;
  for_each_command(application, [&](const CLI::App& command) {
    const std::string path = path_of(command);
    values += bash_values(command);
    words += bash_words(command);
    paths += path.empty() ? "" : fmt::format("{}'{}'", paths.empty() ? "" : "|", path);
  });
  return fmt::format(R"(# bash completion for heed
_heed_words() {{ COMPREPLY=($(compgen -W "$1" -- "$current")); }}
_heed_files() {{ COMPREPLY=($(compgen "$1" -- "$current")); compopt -o filenames; }}
_heed() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local path= next= word= options=
  # --option=value comes as three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = && COMP_CWORD -gt 1 ]]; then
    previous=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    next="${{path:+$path }}$word"
    case "$next" in
    {}) path=$next ;;
    esac
  done
  COMPREPLY=()
  case "$path $previous" in
{}  esac
  case "$path" in
{}  esac
  _heed_words "$options"
}}
complete -F _heed heed
)",
                     paths, values, words);
}

}  // namespace heed::app
