// heed recipe: the tasks, and every key of a task's recipe, from the same lists that read it.
#include "apps/heed/recipe_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "apps/heed/choices.h"
#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "heed/base/config.h"
#include "heed/base/config_json.h"
#include "heed/models/language_model_presets.h"
#include "heed/models/text_encoder_presets.h"
#include "heed/tasks/study.h"
#include "heed/tasks/task_kinds.h"

namespace heed::app {

namespace {

std::string preset_table() {
  return language_model_preset_table() + text_encoder_preset_table();
}

std::string last_name(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string::npos ? key : key.substr(dot + 1);
}

// The name of the section of the top level that a key stands in; none for keys of the top level.
std::string section_of(const std::string& key) {
  const std::size_t dot = key.find('.');
  return dot == std::string::npos ? std::string() : key.substr(0, dot);
}

// A bar would end the cell of a table, and a piece such as </s> would vanish as a tag.
std::string cell(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c == '|' ? "\\|" : c == '<' ? "&lt;" : std::string(1, c);
  }
  return result;
}

std::string table(const std::vector<ConfigKey>& keys, const std::string& section) {
  std::string text = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const ConfigKey& key : keys) {
    if (key.type != "section" && section_of(key.key) == section) {
      text += fmt::format("| `{}` | {} | `{}` | {} |\n", key.key, key.type, key.default_value,
                          cell(key.meaning));
    }
  }
  return text;
}

std::string task_tables(const TaskKind& kind) {
  const std::vector<ConfigKey> keys = kind.keys();
  std::string text = fmt::format("\n## `task: {}`\n\n{}{}.\n\n### Top level\n\n{}", kind.name,
                                 static_cast<char>(std::toupper(kind.summary[0])),
                                 kind.summary.substr(1), table(keys, ""));
  for (const ConfigKey& key : keys) {
    if (key.type == "section" && section_of(key.key).empty()) {
      text += fmt::format("\n### `{}`: {}\n\n{}", key.key, key.meaning, table(keys, key.key));
    }
  }
  return text;
}

constexpr const char* introduction =
    "# Recipe keys\n"
    "\n"
    "A recipe is a YAML file that decides everything about a training run. Its first key, `task`, "
    "says what is\nlearned, and which keys there are. This page lists them by task. It is what "
    "`heed recipe --markdown` prints;\n`heed recipe TASK` prints the keys of a task as a recipe "
    "to start from.\n"
    "\n"
    "- A key with dots stands in a section: `training.max_steps` is `max_steps:` under "
    "`training:`.\n"
    "- Every key can be given on the command line as well: `--set training.max_steps=500`.\n"
    "- A key that is left out has its default. An unknown key is an error, and the nearest known "
    "one is named;\n  so is a key of another task.\n"
    "- One of `training.max_steps`, `training.budget`, `training.max_epochs` and "
    "`training.patience` must be set, and the\n  data named.\n"
    "- The resolved recipe of a run, every key with its value, is kept as `recipe.yaml` in the run "
    "directory.\n";

}  // namespace

std::string recipe_template(const TaskKind& kind) {
  std::string text;
  for (const ConfigKey& key : kind.keys()) {
    const auto depth = static_cast<std::size_t>(std::count(key.key.begin(), key.key.end(), '.'));
    const std::string indent(2 * depth, ' ');
    text += key.type == "section"
                ? fmt::format("{}{}:  # {}\n", indent, last_name(key.key), key.meaning)
                : fmt::format("{}{}: {}  # ({}) {}\n", indent, last_name(key.key),
                              key.default_value, key.type, key.meaning);
  }
  return text;
}

std::string recipe_page() {
  std::string text = introduction;
  for (const TaskKind& kind : task_kinds()) {
    text += task_tables(kind);
  }
  text += fmt::format(
      "\n## Presets of `model.preset`\n\nWhat `heed recipe --presets` prints. A key that a recipe "
      "gives wins over its preset's value.\n\n```\n{}```\n",
      preset_table());
  std::vector<ConfigKey> study = list_config_keys<CompareConfig>();
  for (ConfigKey& key : study) {
    key.key = "compare." + key.key;
  }
  text += fmt::format(
      "\n## `compare`: what `heed compare` varies\n\nA file with this section is a study, whatever "
      "its task. `heed train` does not take it.\n\n{}",
      table(study, "compare"));
  return text;
}

std::vector<std::string> recipe_key_names() {
  std::set<std::string> names;
  for (const TaskKind& kind : task_kinds()) {
    for (const ConfigKey& key : kind.keys()) {
      if (key.type != "section") {
        names.insert(key.key);
      }
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> position_option_names() {
  constexpr std::string_view section = "model.position.";
  std::vector<std::string> names;
  for (const std::string& key : recipe_key_names()) {
    if (key.starts_with(section)) {
      names.push_back(key.substr(section.size()));
    }
  }
  return names;
}

std::string task_list() {
  std::string text;
  std::size_t width = 0;
  for (const TaskKind& kind : task_kinds()) {
    width = std::max(width, kind.name.size());
  }
  for (const TaskKind& kind : task_kinds()) {
    text += fmt::format("{:<{}}  {}\n", kind.name, width, kind.summary);
  }
  return text;
}

void add_recipe_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "recipe",
      "List the tasks, or every recipe key of one\n\n"
      "Without a task it lists those that there are. With one it prints a recipe in YAML with "
      "every key of the task at its default, its type and meaning behind it: a place to start "
      "from. A recipe of your own needs only the keys that differ.");
  command->footer(
      "Examples:\n"
      "  heed recipe\n"
      "  heed recipe translation > recipe.yaml\n"
      "  heed recipe language_modelling | grep -i dropout\n"
      "  heed recipe --presets\n"
      "  heed recipe --markdown > docs/RECIPE.md");
  const auto task = std::make_shared<std::string>();
  const auto markdown = std::make_shared<bool>(false);
  const auto presets = std::make_shared<bool>(false);
  std::vector<std::string> tasks;
  for (const TaskKind& kind : task_kinds()) {
    tasks.push_back(kind.name);
  }
  suggest(command->add_option("TASK", *task, "The task whose keys are listed"), tasks);
  command->add_flag("--markdown", *markdown, "Print a page of tables of all tasks instead");
  command->add_flag("--presets", *presets,
                    "Print the named sizes and styles that model.preset takes instead");
  command->callback([task, markdown, presets] {
    write_output(*markdown       ? recipe_page()
                 : *presets      ? preset_table()
                 : task->empty() ? task_list()
                                 : recipe_template(task_kind(*task)));
  });
}

}  // namespace heed::app
