#include "apps/heed/help.h"

#include <sstream>

namespace heed::app {
namespace {

constexpr std::size_t line_width = 80;

// Breaks at spaces; a line break in the text stays one.
std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::istringstream paragraphs(text);
  for (std::string paragraph; std::getline(paragraphs, paragraph);) {
    std::istringstream words(paragraph);
    std::string line;
    for (std::string word; words >> word;) {
      if (!line.empty() && line.size() + 1 + word.size() > width) {
        lines.push_back(line);
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
    }
    lines.push_back(line);
  }
  return lines;
}

// "  name      text", the text wrapped in its own column.
std::string row(const std::string& name, const std::string& text, std::size_t column) {
  std::string result = "  " + name;
  bool fits = result.size() + 2 <= column;
  for (const std::string& line : wrap(text, line_width - column)) {
    if (fits) {
      result.resize(column, ' ');
      fits = false;
    } else {
      result += "\n" + std::string(column, ' ');
    }
    result += line;
  }
  return result + "\n";
}

}  // namespace

std::string HelpFormatter::make_description(const CLI::App* command) const {
  std::string description;
  for (const std::string& line : wrap(command->get_description(), line_width)) {
    description += line + "\n";
  }
  return description + "\n";
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  return row(command->get_name(), first_line(command->get_description()), 14);
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  return row(make_option_name(option, is_positional) + make_option_opts(option),
             make_option_desc(option), get_column_width());
}

std::string HelpFormatter::make_option_name(const CLI::Option* option, bool is_positional) const {
  if (is_positional) {
    return option->get_name(true, false);
  }
  std::string text;
  for (const std::string& name : option_names(*option)) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (!takes_value(*option)) {
    return "";
  }
  std::string text;
  if (!option->get_positional()) {
    text += " " + value_name(*option);
  }
  const std::string& value = option->get_default_str();
  if (!value.empty()) {
    text += value.front() == '[' ? " " + value : " [" + value + "]";
  }
  if (takes_several(*option)) {
    text += " ...";
  }
  if (option->get_required() && !option->get_positional()) {
    text += " (required)";
  }
  return text;
}

std::string HelpFormatter::make_option_usage(const CLI::Option* option) const {
  const std::string text = option->get_name(true, false) + (takes_several(*option) ? "..." : "");
  return option->get_required() ? text : "[" + text + "]";
}

std::string help_text(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return command.help(parent == nullptr ? "" : full_name(*parent));
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

std::vector<const CLI::App*> visible_commands(const CLI::App& command) {
  return command.get_subcommands(
      [](const CLI::App* subcommand) { return !subcommand->get_group().empty(); });
}

std::vector<const CLI::Option*> visible_options(const CLI::App& command) {
  return command.get_options(
      [](const CLI::Option* option) { return !option->get_group().empty(); });
}

std::vector<std::string> option_names(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) {
    names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    names.push_back("--" + name);
  }
  return names;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

std::string value_name(const CLI::Option& option) {
  if (!takes_value(option)) {
    return "";
  }
  const std::string& text = option.get_option_text();
  if (!text.empty()) {
    return text;
  }
  // The library appends the validators: "INT:INT in [1 - 1024]".
  const std::string type = option.get_type_name().substr(0, option.get_type_name().find(':'));
  return type == "INT" || type == "UINT" ? "N" : type;
}

bool takes_several(const CLI::Option& option) {
  return option.get_items_expected_max() > 1;
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

}  // namespace heed::app
