#include "apps/heed/recipe.h"

#include "heed/base/files.h"

namespace heed::app {

namespace {

void check_pairs_recipe(const Recipe& recipe, const std::string& source) {
  const DataConfig& data = recipe.data;
  check_usage(config_to_json(data.text) == config_to_json(TextConfig()),
              "{}: data.text: is for model.kind language_model", source);
  if (!data.task.kind.empty()) {
    check_toy_task_config(data.task);
    check_usage(!has_files(data.train) && !has_files(data.validation) && !has_files(data.test),
                "{}: data.task: makes its own corpora; name either a task or files", source);
  } else {
    check_usage(has_files(data.train), "{}: data.train: name the files to learn from", source);
  }
  check_translator_config(recipe.model);
}

void check_text_recipe(const Recipe& recipe, const std::string& source) {
  const DataConfig& data = recipe.data;
  check_usage(data.task.kind.empty() && !has_files(data.train) && !has_files(data.validation) &&
                  !has_files(data.test),
              "{}: model.kind language_model: learns data.text, not pairs of sentences", source);
  check_text_config(data.text);
  check_language_model_config(recipe.model);
  check_usage(recipe.model.attention.topology != "prefix",
              "model.attention.topology prefix: windows of running text have no prefix");
  check_usage(data.text.window <= recipe.model.max_length,
              "data.text.window: {} tokens, but model.max_length is {}", data.text.window,
              recipe.model.max_length);
  check_usage(recipe.tokenizer.kind == "byte",
              "tokenizer.kind {}: reads line by line; data.text keeps its line breaks, which byte "
              "does, too",
              recipe.tokenizer.kind);
  check_usage(recipe.training.best_by == "loss",
              "training.best_by {}: a language model translates nothing; use loss",
              recipe.training.best_by);
}

// What can be said of the values before anything is read or learned.
void check_recipe(const Recipe& recipe, const std::string& source) {
  check_usage(recipe.seed >= 0, "{}: seed: must not be negative, got {}", source, recipe.seed);
  check_usage(recipe.threads >= 0 && recipe.threads <= 1024,
              "{}: threads: must be in 0 … 1024, got {}", source, recipe.threads);
  check_usage(recipe.model.kind == "translator" || recipe.model.kind == "language_model",
              "{}: model.kind '{}': expected translator or language_model", source,
              recipe.model.kind);
  if (learns_text(recipe)) {
    check_text_recipe(recipe, source);
  } else {
    check_pairs_recipe(recipe, source);
  }
  check_usage(recipe.precision == "float32" || recipe.precision == "bf16",
              "precision '{}': expected float32 or bf16; int8 is for translating",
              recipe.precision);
  check_tokenizer_config(recipe.tokenizer);
  check_optimizer_config(recipe.optimizer);
  check_training_config(recipe.training);
  Schedule(recipe.schedule, recipe.training.max_steps);
  check_decoding_config(recipe.decoding);
}

}  // namespace

Json read_recipe_document(const std::filesystem::path& path,
                          const std::vector<std::string>& overrides) {
  Json json = parse_yaml(read_file(path, 1u << 20), path.string());
  if (json.is_null()) {
    json = Json::object();
  }
  check_usage(json.is_object(), "{}: the top level: expected a section of keys, got {}",
              path.string(), json.dump());
  for (const std::string& assignment : overrides) {
    apply_override(json, assignment);
  }
  return json;
}

Recipe recipe_from_json(const Json& json, const std::string& source) {
  check_usage(!json.contains("compare"),
              "{}: has a section 'compare', which makes it a study for heed compare", source);
  Recipe recipe = config_from_json<Recipe>(json, source);
  check_recipe(recipe, source);
  return recipe;
}

Recipe read_recipe(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  Recipe recipe = recipe_from_json(read_recipe_document(path, overrides), path.string());
  if (recipe.title.empty()) {
    recipe.title = path.stem().string();
  }
  return recipe;
}

CorpusFiles located(CorpusFiles files, const std::string& directory) {
  for (auto* list : {&files.source, &files.target, &files.table}) {
    for (std::string& file : *list) {
      file = (std::filesystem::path(directory) / file).string();
    }
  }
  return files;
}

bool has_files(const CorpusFiles& files) {
  return !files.source.empty() || !files.target.empty() || !files.table.empty();
}

bool learns_text(const Recipe& recipe) {
  return recipe.model.kind == "language_model";
}

TextParts text_of(const Recipe& recipe) {
  TextConfig text = recipe.data.text;
  for (auto* list : {&text.train, &text.validation, &text.test}) {
    for (std::string& file : *list) {
      file = (std::filesystem::path(recipe.data.directory) / file).string();
    }
  }
  return read_text_parts(text);
}

}  // namespace heed::app
