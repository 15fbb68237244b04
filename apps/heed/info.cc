// heed info: what is in a model, be it a directory, a run or a file of another program.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "heed/base/config.h"
#include "heed/base/config_json.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/base/yaml.h"
#include "heed/interop/export_model.h"
#include "heed/interop/load_model.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/model_source.h"
#include "heed/tasks/run_results.h"
#include "heed/tasks/task_kinds.h"
#include "heed/training/checkpoint_summary.h"

namespace heed::app {

namespace {

struct InfoOptions {
  std::string directory;
  bool tensors = false;
  bool all = false;
  bool json = false;
};

// How far its training had come, where that is known.
void describe_training(const std::filesystem::path& directory, Json& json) {
  const auto summary = read_checkpoint_summary(directory);
  if (!summary) {
    return;
  }
  json["step"] = summary->step;
  json["epoch"] = summary->epoch;
  if (const auto& best = summary->best) {
    json["best"] = {{"step", best->step}, {"loss", best->loss}};
    for (const auto& [key, value] : best->measures) {
      json["best"][key] = value;
    }
  }
}

void describe_tokenizers(const LoadedModel& loaded, Json& json) {
  const TokenizerPair& tokenizers = loaded.tokenizers;
  json["tokenizer"] = tokenizers.target->kind();
  if (const std::string name = transformers_tokenizer(loaded); !name.empty()) {
    json["transformers_tokenizer"] = name;
  }
  if (loaded.kind->has_encoder && !tokenizers.joint) {
    json["source_vocabulary"] = tokenizers.source->size();
    json["target_vocabulary"] = tokenizers.target->size();
  } else {
    json["vocabulary"] = tokenizers.target->size();
  }
}

void describe_files(const ModelFileFacts& facts, Json& json) {
  json["format"] = facts.format;
  for (const auto& [key, value] : facts.details) {
    json[key] = escape_invalid_utf8(value);
  }
  json["file_bytes"] = facts.bytes;
  json["tensor_types"] = facts.tensor_types;
  json["chat_template"] = !facts.chat_template.empty();
}

// How Transformers gets the model: what one would write in Python, after an export where the files
// are not its own.
std::string transformers_call(const LoadedModel& loaded, const ModelFileFacts& facts) {
  const std::string name = transformers_class(loaded);
  const std::filesystem::path place = escape_invalid_utf8(loaded.directory.string());
  if (facts.format == "GGUF") {
    return fmt::format("{}.from_pretrained(\"{}\", gguf_file=\"{}\")", name,
                       place.parent_path().string(), place.filename().string());
  }
  if (facts.format == "llama2.c" || loaded.family.starts_with("heed-")) {
    return fmt::format("{}.from_pretrained(\"OUT\") after heed export {} OUT", name,
                       place.string());
  }
  return fmt::format("{}.from_pretrained(\"{}\")", name, place.string());
}

// Without the keys at which every model of the task is by default: dozens, most of which belong to
// choices that were not made. How large it is, and of what kind, is always said.
Json without_defaults(const Json& section, const std::string& prefix,
                      const std::vector<ConfigKey>& keys) {
  constexpr std::string_view always[] = {"model.encoder_layers",
                                         "model.decoder_layers",
                                         "model.layers",
                                         "model.d_model",
                                         "model.heads",
                                         "model.max_length",
                                         "model.position.kind",
                                         "model.attention.kind",
                                         "model.norm",
                                         "model.activation",
                                         "model.feed_forward_size"};
  Json result = Json::object();
  for (const auto& item : section.items()) {
    const std::string key = prefix + item.key();
    if (item.value().is_object()) {
      if (Json inner = without_defaults(item.value(), key + ".", keys); !inner.empty()) {
        result[item.key()] = std::move(inner);
      }
      continue;
    }
    const auto known = std::ranges::find(keys, key, &ConfigKey::key);
    if (std::ranges::find(always, key) != std::end(always) || known == keys.end() ||
        Json::parse(known->default_value) != item.value()) {
      result[item.key()] = item.value();
    }
  }
  return result;
}

// A model and what belongs to it, in words.
Json describe(const LoadedModel& loaded, bool all) {
  Json json = {{"directory", escape_invalid_utf8(loaded.directory.string())},
               {"kind", loaded.kind->name},
               {"family", loaded.family}};
  const std::vector<std::string> obstacles = export_obstacles(loaded);
  const ModelFileFacts facts = open_model_source(loaded.directory).facts();
  describe_files(facts, json);
  json["loadable_by_transformers"] = obstacles.empty();
  if (obstacles.empty()) {
    json["transformers_class"] = transformers_class(loaded);
    json["transformers_call"] = transformers_call(loaded, facts);
    json["exports_to"] = export_families(loaded);
  } else {
    json["not_loadable_because"] = obstacles;
  }
  json["parameters"] = count_parameters(*loaded.module);
  describe_training(loaded.directory, json);
  describe_tokenizers(loaded, json);
  // A model may be for a task that no recipe trains: then all of it is told.
  const auto kind = std::ranges::find(task_kinds(), loaded.task(), &TaskKind::name);
  const std::vector<ConfigKey> keys =
      kind == task_kinds().end() ? std::vector<ConfigKey>() : kind->keys();
  const Json model = description_of(*loaded.module).section;
  json["model"] = all ? model : without_defaults(model, "model.", keys);
  if (loaded.kind->has_encoder) {
    const Json decoding = config_to_json(loaded.decoding);
    json["decoding"] = all ? decoding : without_defaults(decoding, "decoding.", keys);
  }
  return json;
}

void run_info(const InfoOptions& options) {
  const LoadedModel loaded = load_model(options.directory);
  Json json = describe(loaded, options.all || options.json);
  if (const auto results = read_results(options.directory)) {
    json["results"] = results_json(*results);
  }
  if (options.tensors) {
    for (const NamedTensor& item : stored_tensors_of(*loaded.module)) {
      json["tensors"][item.name] = item.tensor.shape().text();
    }
  }
  write_output(options.json ? json.dump(2) + "\n" : write_yaml(json));
}

}  // namespace

void add_info_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "info",
      "Say what is in a model: a run, a directory, or a file of GGUF or llama2.c\n\n"
      "Loads the model and prints its kind and size, the format of its files and the types in "
      "them, whether and how Transformers can load it, whether it brings a chat template, how far "
      "its training had come, its tokenizer, and the keys of the model and of decoding that are "
      "not at "
      "their defaults (--all and --json: all of them); of a run also what it was tested at (its "
      "results.json).");
  command->footer(
      "Examples:\n"
      "  heed info run\n"
      "  heed info run/step-2000 --tensors\n"
      "  heed info run --json | jq .parameters");
  const auto options = std::make_shared<InfoOptions>();
  command
      ->add_option("DIR", options->directory,
                   "A run, a model directory, or a file of GGUF or llama2.c")
      ->required()
      ->type_name(directory_value);
  command->add_flag("--all", options->all, "Also the keys that stand at their defaults");
  command->add_flag("--tensors", options->tensors, "List every tensor with its shape");
  command->add_flag("--json", options->json, "Write JSON instead of YAML");
  command->callback([options] { run_info(*options); });
}

}  // namespace heed::app
