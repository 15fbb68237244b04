// Completion for fish.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/heed/completion.h"
#include "apps/heed/help.h"

namespace heed::app {

namespace {

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

// The switches of `complete` for a value.
std::string fish_offer(const ValueOffer& offer) {
  switch (offer.kind) {
    case ValueOffer::Kind::nothing:
      return " -x";
    case ValueOffer::Kind::words:
    case ValueOffer::Kind::keys:
      return fmt::format(" -x -a '{}'", fmt::join(offer.words, " "));
    case ValueOffer::Kind::files:
      return " -r -F";
    case ValueOffer::Kind::directories:
      break;
  }
  return " -x -a '(__fish_complete_directories)'";
}

std::string fish_lines(const CLI::App& command) {
  const std::string condition = fish_condition(command);
  std::string lines;
  for (const CLI::App* subcommand : visible_commands(command)) {
    lines += fmt::format("complete -c heed -f -n '{}' -a {} -d '{}'\n", condition,
                         subcommand->get_name(),
                         quoted(first_line(subcommand->get_description()), "\\"));
  }
  for (const CLI::Option* option : named_options(command)) {
    std::string names;
    for (const std::string& name : option_names(*option)) {
      names += name[1] == '-' ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    lines += fmt::format("complete -c heed -n '{}'{}{} -d '{}'\n", condition, names,
                         takes_value(*option) ? fish_offer(offer_for(*option)) : "",
                         quoted(first_line(option->get_description()), "\\"));
  }
  for (const CLI::Option* option : arguments_of(command)) {
    const ValueOffer offer = offer_for(*option);
    lines += fmt::format("complete -c heed -n '{}'{}\n", condition,
                         offer.kind == ValueOffer::Kind::nothing ? " -f" : fish_offer(offer));
  }
  return lines;
}

}  // namespace

std::string fish_completion(const CLI::App& application) {
  std::string script = "# fish completion for heed\n";
  for_each_command(application, [&](const CLI::App& command) { script += fish_lines(command); });
  return script;
}

}  // namespace heed::app
