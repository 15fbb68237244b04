// heed export: a model directory for other programs.
#include <fmt/format.h>

#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/model_loading.h"
#include "heed/base/unicode.h"
#include "heed/interop/export_model.h"

namespace heed::app {

namespace {

struct ExportOptions {
  std::string model;
  std::string output;
  std::string dtype = "float32";
};

void run_export(const ExportOptions& options) {
  const std::filesystem::path output = options.output;
  check_new_model_directory(output);
  const LoadedModel model = load_model(options.model);
  for (const std::string& note : model.notes) {
    print_warning(note);
  }
  export_model(model, output, options.dtype == "bf16" ? DType::bfloat16 : DType::float32);
  if (transformers_tokenizer(model).empty()) {
    print_warning(fmt::format("{}: no other program has its tokenizer ({}): hand over ids",
                              output.string(), model.tokenizers.target->kind()));
  }
  write_output(fmt::format("{}: {} of Transformers, weights in {}\n",
                           escape_invalid_utf8(output.string()), transformers_class(model),
                           options.dtype));
}

}  // namespace

void add_export_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "export",
      "Write a model for other programs\n\n"
      "Writes a model directory that Transformers loads, and what converts from it, such as "
      "CTranslate2: configuration, tokenizers and weights, nothing of the training. heed loads it "
      "too. A model with settings that no such program knows is refused, and they are named.");
  command->footer(
      "Examples:\n"
      "  heed export --model run --output exported\n"
      "  heed export --model run --output exported --dtype bf16\n"
      "  python3 -c 'from transformers import *; MarianMTModel.from_pretrained(\"exported\")'");
  const auto options = std::make_shared<ExportOptions>();
  add_model_option(*command, options->model);
  add_output_directory_option(*command, options->output, "Where to write the model")->required();
  command->add_option("--dtype", options->dtype, "Of the weights: float32 or bf16")
      ->check(CLI::IsMember({"float32", "bf16"}))
      ->capture_default_str();
  command->callback([options] { run_export(*options); });
}

}  // namespace heed::app
