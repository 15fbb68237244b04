// heed shots: adapts a language model to tasks by examples in the prompt alone, and measures it.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/head_worth.h"
#include "apps/heed/model_loading.h"
#include "apps/heed/terminal_progress.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/number_text.h"
#include "heed/base/output_file.h"
#include "heed/shots/shot_report.h"

namespace heed::app {

namespace {

namespace fs = std::filesystem;

struct ShotsOptions {
  std::string model, data, page, samples;
  std::vector<std::string> tasks;
  std::vector<int> shots;
  std::vector<std::string> heads_off;
  std::int64_t limit = 0;
  std::uint32_t seed = 1234;
  std::string precision = "float32";
  int threads = 1;
  bool json = false;
};

std::string sample_lines(const std::vector<ShotResult>& results) {
  std::string lines;
  for (const ShotResult& result : results) {
    for (std::size_t i = 0; i < result.prompts.size(); ++i) {
      Json line = {{"task", result.task},
                   {"shots", result.shots},
                   {"document", i},
                   {"prompt", result.prompts[i]},
                   {"answer", result.answers[i]}};
      for (const ShotMeasure& measure : result.measures) {
        line[measure.metric] = measure.values[i];
      }
      lines += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }
  }
  return lines;
}

// The model in the page's title: as it was named, not the step that this stands for.
std::string name_of(const ShotsOptions& options) {
  const fs::path path = fs::path(options.model).lexically_normal();
  std::string name = (path.has_filename() ? path : path.parent_path()).filename().string();
  for (const std::string& head : options.heads_off) {
    name += (&head == &options.heads_off.front() ? " without head " : ", ") + head;
  }
  return name;
}

void run_shots_command(const ShotsOptions& options) {
  set_thread_count(options.threads);
  check_usage(options.limit >= 0, "--limit {}: expected a number of documents", options.limit);
  for (const int shots : options.shots) {
    check_usage(shots >= 0, "--shots {}: expected 0 or more", shots);
  }
  std::optional<OutputFile> page, samples;
  if (!options.page.empty()) {
    page.emplace(options.page);
  }
  if (!options.samples.empty()) {
    samples.emplace(options.samples);
  }
  std::vector<ShotTask> tasks;
  for (const std::string& file : options.tasks) {
    tasks.push_back(read_shot_task(file, options.data));
  }
  const MatmulPrecision precision = parse_precision(options.precision);
  const LoadedModel model = load_model_for("shots", "language_modelling", options.model, precision);
  const HeadSet heads_off = named_heads(model, options.heads_off);
  std::vector<ShotResult> results;
  TerminalProgress progress;
  for (const ShotTask& task : tasks) {
    for (const int shots : options.shots.empty() ? std::vector<int>{task.shots} : options.shots) {
      results.push_back(run_shots(task, {model.generator(), model.tokenizers, model.symbols},
                                  {.shots = shots, .limit = options.limit, .seed = options.seed},
                                  {.precision = precision, .heads_off = &heads_off}));
      const ShotResult& result = results.back();
      progress.line(fmt::format("{}, {}: {} documents in {}", result.task, shots_text(result.shots),
                                count_text(static_cast<std::int64_t>(result.prompts.size())),
                                duration_text(result.seconds)));
    }
  }
  if (samples) {
    samples->write(sample_lines(results));
  }
  if (page) {
    page->write(shot_page(results, name_of(options)));
  }
  write_output(options.json ? shot_json(results).dump(2) + "\n" : shot_table(results));
}

}  // namespace

void add_shots_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "shots",
      "Measure a language model on tasks that it is shown examples of\n\n"
      "Adapts without training: each prompt holds as many examples with their answers as --shots "
      "says (zero, one, few), then a document, and the model answers. A task is a file of "
      "lm-evaluation-harness without code: local data (JSON lines, CSV, TSV, .gz), doc_to_text, "
      "doc_to_target and doc_to_choice with fields in their places, output_type multiple_choice, "
      "loglikelihood or generate_until, measures acc, acc_norm, perplexity and exact_match. "
      "Prompts, "
      "examples and measures are those of that program. Prints each measure with its standard "
      "error; "
      "* marks what differs from the first number of shots by more than chance (a paired bootstrap "
      "over the documents).");
  command->footer(
      "Examples:\n"
      "  heed shots --model model.gguf recipes/shots/piqa.yaml --data data\n"
      "  heed shots --model run copa.yaml sst2.yaml --shots 0,1,4,16 --limit 200 --html "
      "shots.html");
  const auto options = std::make_shared<ShotsOptions>();
  add_model_option(*command, options->model);
  command->add_option("tasks", options->tasks, "Task files")->required()->type_name("TASK.yaml");
  command->add_option("--shots", options->shots, "Numbers of examples; default: as the task says")
      ->delimiter(',')
      ->type_name("N,N");
  command->add_option("--limit", options->limit, "Documents of each task at most")->type_name("N");
  command
      ->add_option("--data", options->data,
                   "Where the data of tasks lie; default: beside each task's file")
      ->type_name(directory_value);
  command->add_option("--seed", options->seed, "Of the draws of examples")
      ->check(seed_range<std::uint32_t>())
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option(
          "--heads-off", options->heads_off,
          "Switch these heads off, to see what they are needed for: layer and head, from 1")
      ->delimiter(',')
      ->type_name("LIST");
  command->add_flag("--json", options->json, "Print results and differences as JSON");
  command->add_option("--html", options->page, "Write a page with curves by the number of shots")
      ->type_name(file_value);
  command
      ->add_option("--samples", options->samples,
                   "Write every prompt, answer and score as JSON lines")
      ->type_name(file_value);
  add_computing_options(*command, options->precision, options->threads);
  command->callback([options] { run_shots_command(*options); });
}

}  // namespace heed::app
