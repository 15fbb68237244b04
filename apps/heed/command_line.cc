#include "apps/heed/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decimal_numbers.h"
#include "apps/heed/given_values.h"
#include "apps/heed/help.h"
#include "heed/base/error.h"
#include "heed/base/phase.h"
#include "heed/base/unicode.h"
#include "heed/version.h"

namespace heed::app {
namespace {

constexpr const char* description =
    "heed trains, evaluates, runs and shows Transformers, on CPU, without Python.";

constexpr const char* footer =
    "See `heed COMMAND --help` for a command's options and examples.\n"
    "\n"
    "Examples:\n"
    "  heed demo\n"
    "  heed train recipe.yaml --run run\n"
    "  heed translate --model run < source.txt";

struct Command {
  std::string_view name;
  void (*add)(CLI::App& application, int& exit_code);
};

// Every subcommand, in the order in which help lists them.
constexpr Command commands[] = {
    {"demo", add_demo_command},
    {"train", add_train_command},
    {"translate", add_translate_command},
    {"generate", add_generate_command},
    {"classify", add_classify_command},
    {"tag", add_tag_command},
    {"answer", add_answer_command},
    {"embed", add_embed_command},
    {"fill", add_fill_command},
    {"evaluate", add_evaluate_command},
    {"shots", add_shots_command},
    {"compare", add_compare_command},
    {"score", add_score_command},
    {"attend", add_attend_command},
    {"heads", add_heads_command},
    {"positions", add_positions_command},
    {"bleu", add_bleu_command},
    {"info", add_info_command},
    {"average", add_average_command},
    {"export", add_export_command},
    {"data", add_data_command},
    {"recipe", add_recipe_command},
    {"completion", add_completion_command},
    {"man", add_man_command},
};

// The command that alone matters to a line which starts with this word; null when the line is about
// all of them.
const Command* find_command(std::string_view word) {
  const auto* const command = std::ranges::find(commands, word, &Command::name);
  return command == std::end(commands) ? nullptr : command;
}

// The subcommand that the line reached, or the application itself.
const CLI::App& reached_command(const CLI::App& application) {
  const CLI::App* command = &application;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().back();
  }
  return *command;
}

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  const auto nearest = nearest_name(word, known);
  return nearest ? fmt::format(" (did you mean {}?)", *nearest) : "";
}

std::string unknown_option_message(const CLI::App& command, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::Option* option : visible_options(command)) {
    for (const std::string& name : option_names(*option)) {
      known.push_back(name);
    }
  }
  const std::string name = word.substr(0, word.find('='));
  return fmt::format("unknown option {}{}", name, suggestion(name, known));
}

std::string unknown_command_message(const CLI::App& command, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::App* subcommand : visible_commands(command)) {
    known.push_back(subcommand->get_name());
  }
  return fmt::format("unknown command '{}'{}", word, suggestion(word, known));
}

// The first word that nobody took says more than the library's message, which counts a missing
// option first and an option mistyped second.
std::string usage_message(const CLI::App& application, const CLI::ParseError& error) {
  const CLI::App& command = reached_command(application);
  const std::vector<std::string> remaining = application.remaining(true);
  const auto option = std::find_if(remaining.begin(), remaining.end(), [](const std::string& word) {
    return word.size() > 1 && word[0] == '-';
  });
  if (option != remaining.end()) {
    return unknown_option_message(command, *option);
  }
  if (!remaining.empty()) {
    return visible_commands(command).empty() ? fmt::format("unexpected argument '{}'", remaining[0])
                                             : unknown_command_message(command, remaining[0]);
  }
  if (!visible_commands(command).empty() && command.get_subcommands().empty()) {
    return fmt::format("{} needs a command", full_name(command));
  }
  // The library tells of a text that is no number, or one too large, by "Could not convert".
  constexpr std::string_view unread = "Could not convert: ";
  const std::string message = error.what();
  if (const std::size_t equals = message.find(" = ");
      message.starts_with(unread) && equals != std::string::npos) {
    return fmt::format("{}: '{}' is no number that it takes",
                       message.substr(unread.size(), equals - unread.size()),
                       message.substr(equals + 3));
  }
  return message;
}

// The heading above the commands in help, which the library calls subcommands.
void name_command_groups(CLI::App& command) {
  for (CLI::App* subcommand : command.get_subcommands({})) {
    if (subcommand->get_group() == "Subcommands") {
      subcommand->group("Commands");
    }
    name_command_groups(*subcommand);
  }
}

}  // namespace

std::unique_ptr<CLI::App> make_command_line(int& exit_code, std::string_view first_word) {
  auto application = std::make_unique<CLI::App>(description, "heed");
  application->formatter(std::make_shared<HelpFormatter>());
  application->get_formatter()->column_width(28);
  application->get_formatter()->label("OPTIONS", "OPTION...");
  application->get_formatter()->label("SUBCOMMAND", "COMMAND");
  application->set_help_flag("-h,--help", "Print this help and exit");
  application->set_version_flag("--version", "heed " HEED_VERSION, "Print the version and exit");
  application->get_formatter()->label("Positionals", "Arguments");
  if (const Command* const command = find_command(first_word)) {
    command->add(*application, exit_code);
  } else {
    for (const Command& each : commands) {
      each.add(*application, exit_code);
    }
  }
  name_command_groups(*application);
  read_decimal_numbers(*application);
  refuse_empty_values(*application);
  application->footer(footer);  // after the commands, which would inherit it
  return application;
}

int run_command_line(int argc, const char* const* argv) {
  const Phase phase("running the command");
  int exit_code = 0;
  check_given_values(argc, argv);
  const auto application = make_command_line(exit_code, argc > 1 ? argv[1] : "");
  try {
    application->parse(argc, argv);
    if (application->get_subcommands().empty()) {
      write_output(help_text(*application));
    }
  } catch (const CLI::CallForVersion& version) {
    write_output(fmt::format("{}\n", version.what()));
  } catch (const CLI::Success&) {
    const CLI::App& command = reached_command(*application);
    write_output(help_text(command));
  } catch (const CLI::ParseError& error) {
    fail(ErrorKind::usage, "{}; see {} --help", usage_message(*application, error),
         full_name(reached_command(*application)));
  }
  return exit_code;
}

}  // namespace heed::app
