// How help looks: wrapped at 80 columns, and the list of commands with their first lines only.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace heed::app {

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* command) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_usage(const CLI::Option* option) const override;
};

// A command's help, as --help prints it.
std::string help_text(const CLI::App& command);

// The description up to its first line break.
std::string first_line(std::string_view text);

// The commands, or the options, that help shows: those in a group with a name.
std::vector<const CLI::App*> visible_commands(const CLI::App& command);
std::vector<const CLI::Option*> visible_options(const CLI::App& command);

// An option's names as one types them, such as {"-m", "--model"}; empty for a positional.
std::vector<std::string> option_names(const CLI::Option& option);

// False for a flag.
bool takes_value(const CLI::Option& option);

// What stands for an option's value in help: "DIR" or "N", without the rules that it is held to;
// empty for a flag.
std::string value_name(const CLI::Option& option);

// Whether an option or argument may stand for more than one value.
bool takes_several(const CLI::Option& option);

// "heed data check" for the subcommand check of data.
std::string full_name(const CLI::App& command);

}  // namespace heed::app
