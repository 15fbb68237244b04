// heed man DIR: manual pages made from the help texts. Hidden: it serves the installation.
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "apps/heed/command_line.h"
#include "apps/heed/commands.h"
#include "apps/heed/file_options.h"
#include "apps/heed/help.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/version.h"

namespace heed::app {
namespace {

// Text for troff: backslashes and hyphens as themselves, no line taken for a request.
std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool line_start = escaped.empty() || escaped.back() == '\n';
    if (line_start && (c == '.' || c == '\'')) {
      escaped += "\\&";
    }
    escaped += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return escaped;
}

std::string page_name(const CLI::App& command) {
  std::string name = full_name(command);
  for (char& c : name) {
    c = c == ' ' ? '-' : c;
  }
  return name;
}

std::string synopsis(const CLI::App& command) {
  std::string text = fmt::format(".B {}\n", escape(full_name(command)));
  if (!visible_commands(command).empty()) {
    return text + ".I COMMAND\n[\\fIOPTION\\fR...]\n";
  }
  text += "[\\fIOPTION\\fR...]\n";
  for (const CLI::Option* option : visible_options(command)) {
    if (option->get_positional()) {
      const std::string argument =
          fmt::format("\\fI{}\\fR{}", escape(option->get_name(true, false)),
                      takes_several(*option) ? "..." : "");
      text += option->get_required() ? argument + "\n" : "[" + argument + "]\n";
    }
  }
  return text;
}

std::string option_entry(const CLI::Option& option) {
  std::string term;
  if (option.get_positional()) {
    term = fmt::format("\\fI{}\\fR", escape(option.get_name(true, false)));
  }
  for (const std::string& name : option_names(option)) {
    term += fmt::format("{}\\fB{}\\fR", term.empty() ? "" : ", ", escape(name));
  }
  if (takes_value(option) && !option.get_positional()) {
    term += fmt::format(" \\fI{}\\fR", escape(value_name(option)));
  }
  std::string text = escape(option.get_description());
  if (!option.get_default_str().empty()) {
    text += fmt::format(" [{}]", escape(option.get_default_str()));
  }
  return fmt::format(".TP\n{}\n{}\n", term, text);
}

// What stands below the first line, which NAME has already.
std::string description_section(const CLI::App& command) {
  std::string text = command.get_description();
  const std::size_t rest = text.find_first_not_of('\n', first_line(text).size());
  return fmt::format(".SH DESCRIPTION\n{}\n",
                     escape(rest == std::string::npos ? text : text.substr(rest)));
}

struct FileEntry {
  const char* name;
  const char* meaning;
};

constexpr FileEntry run_files[] = {
    {"recipe.yaml", "the resolved recipe: every key with its value"},
    {"report.html", "curves and samples, for a browser"},
    {"metrics.jsonl", "what was measured while it trained, a JSON object a line"},
    {"events.out.tfevents.*", "the same for TensorBoard"},
    {"results.json", "what the test gave, and how it was measured"},
    {"validation", "what the model wrote at each validation, a file each"},
    {"tokenizer, cache", "what was learned from and encoded of the data"},
    {"best, last", "links to the checkpoints that are meant"},
    {"step-N", "a checkpoint: a model directory, and what training needs to go on"},
};

constexpr FileEntry comparison_files[] = {
    {"comparison.html", "the table, curves and differences of all pairs, for a browser"},
    {"comparison.md, comparison.json", "the numbers"},
    {"NAME/seed-N", "the run directory of a variant"},
};

constexpr FileEntry model_files[] = {
    {"config.json",
     "the model's sizes and kinds, as Transformers reads them, and in the section "
     "heed exactly"},
    {"model.safetensors", "its weights; or shards, named in model.safetensors.index.json"},
    {"generation_config.json", "the defaults of decoding"},
    {"tokenizer_config.json, vocab.json, source.spm, target.spm", "its tokenizers"},
};

template <std::size_t N>
std::string file_entries(const char* directory, const FileEntry (&entries)[N]) {
  std::string text = fmt::format("In {}:\n", directory);
  for (const FileEntry& entry : entries) {
    text += fmt::format(".TP\n\\fI{}\\fR\n{}\n", escape(entry.name), escape(entry.meaning));
  }
  return text;
}

// Of the directories that a command's options speak of.
std::string files_section(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : visible_options(command)) {
    const std::string name = option->get_name();
    if (name == "--run" && command.get_name() == "compare") {
      text += file_entries("the directory of a comparison", comparison_files);
    } else if (name == "--run") {
      text += file_entries("a run directory", run_files);
    }
    if (name == "--model" || name == "MODEL" || name == "DIR") {
      text += file_entries("a model directory", model_files);
    }
  }
  return text.empty() ? text : ".SH FILES\n" + text;
}

// The footer: lines of two spaces and more are examples, kept as they stand.
std::string footer_section(const CLI::App& command) {
  std::string body = command.get_footer();
  constexpr std::string_view heading = "Examples:\n";
  const std::size_t start = body.find(heading);
  if (start == std::string::npos) {
    return "";
  }
  body = body.substr(start + heading.size());
  while (!body.empty() && body.back() == '\n') {
    body.pop_back();
  }
  return fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", escape(body));
}

std::string see_also(const CLI::App& command) {
  std::string text;
  if (command.get_parent() != nullptr) {
    text = fmt::format("\\fB{}\\fR(1)", escape(page_name(*command.get_parent())));
  }
  for (const CLI::App* subcommand : visible_commands(command)) {
    text +=
        fmt::format("{}\\fB{}\\fR(1)", text.empty() ? "" : ",\n", escape(page_name(*subcommand)));
  }
  return ".SH SEE ALSO\n" + text + "\n";
}

std::string manual_page(const CLI::App& command) {
  const std::string name = page_name(command);
  const std::string description = command.get_description();
  std::string page = fmt::format(
      ".TH {} 1 \"\" \"heed {}\" \"User commands\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}"
      "{}",
      escape(name), HEED_VERSION, escape(name), escape(first_line(description)), synopsis(command),
      description_section(command));
  if (!visible_commands(command).empty()) {
    page += ".SH COMMANDS\n";
    for (const CLI::App* subcommand : visible_commands(command)) {
      page += fmt::format(".TP\n\\fB{}\\fR\n{}\n", escape(subcommand->get_name()),
                          escape(first_line(subcommand->get_description())));
    }
  }
  page += ".SH OPTIONS\n";
  for (const CLI::Option* option : visible_options(command)) {
    page += option_entry(*option);
  }
  page += files_section(command);
  page += footer_section(command);
  page +=
      ".SH EXIT STATUS\n0 when done; 1 after a failure; 2 when the command line or a recipe makes "
      "no sense;\n65 when data is damaged or inconsistent; 74 when a file cannot be read or "
      "written;\n130 and 143 after an interruption.\n";
  return page + see_also(command);
}

void write_pages(const CLI::App& command, const std::filesystem::path& directory) {
  write_file(directory / (page_name(command) + ".1"), manual_page(command));
  for (const CLI::App* subcommand : visible_commands(command)) {
    write_pages(*subcommand, directory);
  }
}

}  // namespace

void add_man_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand("man", "Write the manual pages into a directory");
  command->group("");
  auto directory = std::make_shared<std::string>();
  command->add_option("directory", *directory, "Where to write")
      ->required()
      ->type_name(directory_value);
  command->footer("Examples:\n  heed man share/man/man1");
  command->callback([directory] {
    make_directory(*directory);
    int exit_code = 0;
    write_pages(*make_command_line(exit_code), *directory);  // of every command
  });
}

}  // namespace heed::app
