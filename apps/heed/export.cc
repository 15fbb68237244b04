// heed export: a model directory for other programs.
#include <fmt/format.h>

#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "apps/heed/model_loading.h"
#include "heed/base/unicode.h"
#include "heed/interop/adapter.h"
#include "heed/interop/export_model.h"

namespace heed::app {

namespace {

struct ExportOptions {
  std::string model;
  std::string output;
  std::string family;
  std::string dtype = "f32";
  bool adapter = false;
};

DType parse_dtype(const std::string& name) {
  return name == "bf16" ? DType::bfloat16 : name == "f16" ? DType::float16 : DType::float32;
}

void run_export(const ExportOptions& options) {
  const std::filesystem::path output = options.output;
  check_new_model_directory(output);
  if (options.adapter) {
    save_adapter(options.model, output);
    write_output(fmt::format("{}: adapters and head, for --adapter\n",
                             escape_invalid_utf8(output.string())));
    return;
  }
  const LoadedModel model = load_model(options.model);
  for (const std::string& note : model.notes) {
    print_warning(note);
  }
  export_model(model, output, {.weights = parse_dtype(options.dtype), .family = options.family});
  if (transformers_tokenizer(model).empty()) {
    print_warning(fmt::format("{}: no other program has its tokenizer ({}): hand over ids",
                              output.string(), model.tokenizers.target->kind()));
  }
  write_output(fmt::format("{}: {} of Transformers, weights in {}\n",
                           escape_invalid_utf8(output.string()),
                           transformers_class(model, options.family), options.dtype));
}

}  // namespace

void add_export_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "export",
      "Write a model for other programs\n\n"
      "Writes a model directory that Transformers loads, and what converts from it, such as "
      "CTranslate2 and llama.cpp: configuration, tokenizers and weights, nothing of the training. "
      "heed loads it too. The layout is that of the first family that can say the model, or of "
      "--family. A model with settings that no such program knows is refused, and they are named.");
  command->footer(
      "Examples:\n"
      "  heed export run exported\n"
      "  heed export run exported --dtype bf16\n"
      "  heed export SmolLM2-135M-Instruct.Q8_0.gguf smollm2 --family llama --dtype f16\n"
      "  python3 -c 'from transformers import *; "
      "AutoModelForCausalLM.from_pretrained(\"smollm2\")'");
  const auto options = std::make_shared<ExportOptions>();
  command
      ->add_option("DIR", options->model,
                   "A run, a model directory, or a model in a file of GGUF or llama2.c")
      ->required()
      ->type_name(directory_value);
  command->add_option("OUT", options->output, "The directory to write the model into")
      ->required()
      ->type_name(directory_value);
  command
      ->add_option("--family", options->family,
                   "Whose layout to write: gpt2, llama, mistral, qwen2, qwen3, marian, t5, bert, "
                   "roberta and more "
                   "(default: the first that can say the model; `heed info` lists them)")
      ->type_name("TEXT");
  command->add_option("--dtype", options->dtype, "Of the weights: f32, bf16 or f16")
      ->check(CLI::IsMember({"f32", "bf16", "f16"}))
      ->capture_default_str();
  command->add_flag("--adapter", options->adapter,
                    "Write the adapters (LoRA) and the head of a run alone; without it they are "
                    "merged into the weights");
  command->callback([options] { run_export(*options); });
}

}  // namespace heed::app
