// heed average: the mean of several models' weights.
#include <fmt/format.h>

#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "apps/heed/model_loading.h"
#include "heed/base/unicode.h"
#include "heed/interop/load_model.h"

namespace heed::app {

namespace {

struct AverageOptions {
  std::vector<std::string> models;
  std::string output;
};

void run_average(const AverageOptions& options) {
  const std::filesystem::path output = options.output;
  check_new_model_directory(output);
  const std::vector<std::filesystem::path> models(options.models.begin(), options.models.end());
  const LoadedModel mean = average_models(models);
  save_model(*mean.module, mean.tokenizers, mean.symbols, mean.decoding, output);
  write_output(fmt::format("{}: the mean of {} model{}\n", escape_invalid_utf8(output.string()),
                           models.size(), models.size() == 1 ? "" : "s"));
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
  command->add_option("MODEL", options->models, "Model directories")
      ->required()
      ->expected(1, 1000)
      ->type_name(directory_value);
  add_output_directory_option(*command, options->output, "Where to write the model")->required();
  command->callback([options] { run_average(*options); });
}

}  // namespace heed::app
