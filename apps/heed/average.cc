// heed average: the mean of several models' weights.
#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "heed/formats/load_tensors.h"
#include "heed/interop/model_directory.h"
#include "heed/interop/translator_directory.h"

namespace heed::app {

namespace {

struct AverageOptions {
  std::vector<std::string> models;
  std::string output;
};

void run_average(const AverageOptions& options) {
  const std::filesystem::path output = options.output;
  check_usage(!std::filesystem::exists(output / "model.safetensors"),
              "{}: holds a model already; choose another --output", output.string());
  LoadedTranslator first = load_translator(options.models.front());
  std::vector<std::filesystem::path> files;
  for (const std::string& model : options.models) {
    files.push_back(model_directory_of(model) / "model.safetensors");
  }
  const auto into = stored_tensors_of(*first.model);
  for (const NamedTensor& mean : average_tensors(files)) {
    for (const NamedTensor& item : into) {
      if (item.name == mean.name) {
        item.tensor.copy_from(mean.tensor);
      }
    }
  }
  save_translator(*first.model, first.tokenizers, first.decoding, output);
  write_output(fmt::format("{}: the mean of {} models\n", output.string(), files.size()));
}

}  // namespace

void add_average_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "average",
      "Average the weights of several models\n\n"
      "All must have the same tensors, as checkpoints of one run do. Configuration and tokenizers "
      "come from the first.");
  command->footer(
      "Examples:\n"
      "  heed average run/step-1800 run/step-1900 run/step-2000 --output averaged");
  const auto options = std::make_shared<AverageOptions>();
  command->add_option("MODEL", options->models, "Model directories")->required()->expected(1, 1000);
  command->add_option("--output", options->output, "Where to write the model")
      ->type_name("DIR")
      ->required();
  command->callback([options] { run_average(*options); });
}

}  // namespace heed::app
