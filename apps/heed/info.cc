// heed info: what is in a model or run directory.
#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "heed/interop/language_model_directory.h"
#include "heed/interop/translator_directory.h"

namespace heed::app {

namespace {

struct InfoOptions {
  std::string directory;
  bool tensors = false;
  bool json = false;
};

// A model and what belongs to it, in words.
Json describe(const LoadedTranslator& loaded) {
  return {{"directory", loaded.directory.string()},
          {"kind", "translator"},
          {"parameters", count_parameters(*loaded.model)},
          {"source_vocabulary", loaded.tokenizers.source->size()},
          {"target_vocabulary", loaded.tokenizers.target->size()},
          {"joint_vocabulary", loaded.tokenizers.joint},
          {"model", config_to_json(loaded.model->config())},
          {"decoding", config_to_json(loaded.decoding)}};
}

Json describe(const LoadedLanguageModel& loaded) {
  return {{"directory", loaded.directory.string()},
          {"kind", "language_model"},
          {"parameters", count_parameters(*loaded.model)},
          {"vocabulary", loaded.tokenizers.target->size()},
          {"model", config_to_json(loaded.model->config())}};
}

template <typename Loaded>
void write_info(const Loaded& loaded, const InfoOptions& options) {
  Json json = describe(loaded);
  if (options.tensors) {
    for (const NamedTensor& item : stored_tensors_of(*loaded.model)) {
      json["tensors"][item.name] = item.tensor.shape().text();
    }
  }
  write_output(options.json ? json.dump(2) + "\n" : write_yaml(json));
}

void run_info(const InfoOptions& options) {
  if (holds_language_model(options.directory)) {
    write_info(load_language_model(options.directory), options);
  } else {
    write_info(load_translator(options.directory), options);
  }
}

}  // namespace

void add_info_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "info",
      "Say what is in a model or run directory\n\n"
      "Loads the model and prints its sizes, its vocabularies and the defaults of decoding.");
  command->footer(
      "Examples:\n"
      "  heed info run\n"
      "  heed info run/step-2000 --tensors\n"
      "  heed info run --json | jq .parameters");
  const auto options = std::make_shared<InfoOptions>();
  command->add_option("DIR", options->directory, "A run or model directory")->required();
  command->add_flag("--tensors", options->tensors, "List every tensor with its shape");
  command->add_flag("--json", options->json, "Write JSON instead of YAML");
  command->callback([options] { run_info(*options); });
}

}  // namespace heed::app
