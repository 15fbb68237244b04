// heed recipe: every key of a recipe, from the same lists that read it.
#include "apps/heed/recipe_keys.h"

#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/recipe.h"
#include "apps/heed/study.h"

namespace heed::app {

namespace {

// A line of YAML a key, indented by its depth.
struct TemplateVisitor {
  std::string indent;
  std::string text;

  template <typename T>
  void operator()(const char* name, T& value, const char* meaning) {
    if constexpr (config_detail::Aggregate<T>) {
      TemplateVisitor nested{indent + "  ", {}};
      value.fields(nested);
      text += fmt::format("{}{}:  # {}\n{}", indent, name, meaning, nested.text);
    } else {
      text += fmt::format("{}{}: {}  # ({}) {}\n", indent, name, Json(value).dump(),
                          config_detail::type_name<T>(), meaning);
    }
  }
};

// The sections of the top level with what they mean.
struct SectionVisitor {
  std::vector<std::pair<std::string, std::string>> sections;

  template <typename T>
  void operator()(const char* name, T&, const char* meaning) {
    if constexpr (config_detail::Aggregate<T>) {
      sections.emplace_back(name, meaning);
    }
  }
};

// The name of the section that a key stands in; none for keys of the top level.
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
    if (section_of(key.key) == section) {
      text += fmt::format("| `{}` | {} | `{}` | {} |\n", key.key, key.type, key.default_value,
                          cell(key.meaning));
    }
  }
  return text;
}

constexpr const char* introduction =
    "# Recipe keys\n"
    "\n"
    "A recipe is a YAML file that decides everything about a training run. This page lists every "
    "key. It is\nwhat `heed recipe --markdown` prints; `heed recipe` prints the same as a recipe "
    "to "
    "start from.\n"
    "\n"
    "- A key with dots stands in a section: `training.max_steps` is `max_steps:` under "
    "`training:`.\n"
    "- Every key can be given on the command line as well: `--set training.max_steps=500`.\n"
    "- A key that is left out has its default. An unknown key is an error, and the nearest known "
    "one is named.\n"
    "- `data.train` must name files, or for a language model `data.text.train`; and one of\n"
    "  `training.max_steps`, `training.max_epochs` and `training.patience` must be set.\n"
    "- The resolved recipe of a run, every key with its value, is kept as `recipe.yaml` in the run "
    "directory.\n";

}  // namespace

std::string recipe_template() {
  TemplateVisitor visitor;
  Recipe().fields(visitor);
  return visitor.text;
}

std::string recipe_page() {
  const std::vector<ConfigKey> keys = list_config_keys<Recipe>();
  SectionVisitor visitor;
  Recipe().fields(visitor);
  std::string text = fmt::format("{}\n## Top level\n\n{}", introduction, table(keys, ""));
  for (const auto& [name, meaning] : visitor.sections) {
    text += fmt::format("\n## `{}`: {}\n\n{}", name, meaning, table(keys, name));
  }
  std::vector<ConfigKey> study = list_config_keys<CompareConfig>();
  for (ConfigKey& key : study) {
    key.key = "compare." + key.key;
  }
  text += fmt::format(
      "\n## `compare`: what `heed compare` varies\n\nA file with this section is a study. `heed "
      "train` does not take it.\n\n{}",
      table(study, "compare"));
  return text;
}

void add_recipe_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "recipe",
      "List every recipe key with its default\n\n"
      "Prints a recipe in YAML with every key at its default, its type and meaning behind it: a "
      "place to start from. A recipe of your own needs only the keys that differ.");
  command->footer(
      "Examples:\n"
      "  heed recipe > recipe.yaml\n"
      "  heed recipe | grep -i dropout\n"
      "  heed recipe --markdown > docs/RECIPE.md");
  const auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "Print a page of tables instead");
  command->callback([markdown] { write_output(*markdown ? recipe_page() : recipe_template()); });
}

}  // namespace heed::app
