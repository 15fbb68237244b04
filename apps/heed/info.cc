// heed info: what is in a model or run directory.
#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "heed/base/config_json.h"
#include "heed/base/unicode.h"
#include "heed/base/yaml.h"
#include "heed/interop/load_model.h"
#include "heed/interop/model_kind.h"
#include "heed/tasks/run_results.h"

namespace heed::app {

namespace {

struct InfoOptions {
  std::string directory;
  bool tensors = false;
  bool json = false;
};

// A model and what belongs to it, in words.
Json describe(const LoadedModel& loaded) {
  Json json = {{"directory", escape_invalid_utf8(loaded.directory.string())},
               {"kind", loaded.kind->name},
               {"family", loaded.family},
               {"parameters", count_parameters(*loaded.module)}};
  if (loaded.kind->has_encoder) {
    json["source_vocabulary"] = loaded.tokenizers.source->size();
    json["target_vocabulary"] = loaded.tokenizers.target->size();
    json["joint_vocabulary"] = loaded.tokenizers.joint;
  } else {
    json["vocabulary"] = loaded.tokenizers.target->size();
  }
  json["model"] = description_of(*loaded.module).section;
  if (loaded.kind->has_encoder) {
    json["decoding"] = config_to_json(loaded.decoding);
  }
  return json;
}

void run_info(const InfoOptions& options) {
  const LoadedModel loaded = load_model(options.directory);
  Json json = describe(loaded);
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
      "Say what is in a model or run directory\n\n"
      "Loads the model and prints its sizes, its vocabularies and the defaults of decoding; of a "
      "run also what it was tested at (its results.json).");
  command->footer(
      "Examples:\n"
      "  heed info run\n"
      "  heed info run/step-2000 --tensors\n"
      "  heed info run --json | jq .parameters");
  const auto options = std::make_shared<InfoOptions>();
  command->add_option("DIR", options->directory, "A run or model directory")
      ->required()
      ->type_name(directory_value);
  command->add_flag("--tensors", options->tensors, "List every tensor with its shape");
  command->add_flag("--json", options->json, "Write JSON instead of YAML");
  command->callback([options] { run_info(*options); });
}

}  // namespace heed::app
