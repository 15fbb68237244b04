#include "timed_steps.h"

#include <algorithm>
#include <chrono>

#include "heed/tensor/storage.h"
#include "heed/training/optimizer.h"

namespace heed::bench {

namespace {

double train_step(const Generator& model, Optimizer& optimizer, const GeneratorExamples& examples,
                  const StepOptions& options, float smoothing, std::uint64_t step) {
  const MatmulPrecision precision = parse_precision(options.precision);
  ForwardContext context;
  context.training = true;
  context.dropout_key = step;
  context.precision = precision;
  context.recompute_feed_forward = options.recompute;
  const auto result = generator_loss(
      model, examples.prompts, examples.outputs,
      {.smoothing = smoothing,
       .scale = static_cast<float>(1.0 / static_cast<double>(examples.prompts.begun.rows.tokens())),
       .precision = precision},
      context);
  backward(result.loss);
  optimizer.step(1e-4, optimizer.gradient_norm());
  return result.loss.item();
}

double tokens_of(const Prompts& prompts) {
  return static_cast<double>(prompts.begun.rows.tokens() +
                             (prompts.source.ids.defined() ? prompts.source.rows.tokens() : 0));
}

}  // namespace

void add_step_options(CLI::App& app, StepOptions& options) {
  app.add_option("--precision", options.precision)->check(CLI::IsMember({"float32", "bf16"}));
  app.add_flag("--recompute", options.recompute, "Form feed-forward values again");
  app.add_option("--steps", options.steps)->check(CLI::PositiveNumber);
  app.add_option("--warmup", options.warmup)->check(CLI::NonNegativeNumber);
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
}

Json time_steps(Generator& model, const StepOptions& options, float smoothing,
                const std::function<StepWork(int)>& work_of) {
  require_gradients(model);
  Optimizer optimizer(model, {});
  std::vector<double> seconds;
  double tokens = 0, operations = 0, first_loss = 0, last_loss = 0;
  for (int step = 0; step < options.warmup + options.steps; ++step) {
    const StepWork work = work_of(step);
    const auto begin = std::chrono::steady_clock::now();
    const double loss = train_step(model, optimizer, work.examples, options, smoothing,
                                   static_cast<std::uint64_t>(step));
    const auto end = std::chrono::steady_clock::now();
    (step == 0 ? first_loss : last_loss) = loss;
    if (step >= options.warmup) {
      seconds.push_back(std::chrono::duration<double>(end - begin).count());
      tokens += tokens_of(work.examples.prompts);
      operations += work.operations;
    }
  }
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  Json json;
  json["program"] = "heed";
  json["mode"] = options.recompute ? "recomputing" : "heed";
  json["precision"] = options.precision;
  json["threads"] = options.threads;
  json["parameters"] = count_parameters(model);
  json["first_loss"] = first_loss;
  json["last_loss"] = last_loss;
  json["seconds"] = sorted[sorted.size() / 2];
  json["seconds_of_steps"] = seconds;
  json["tokens"] = tokens;
  json["operations"] = operations;
  json["tensor_peak_megabytes"] = static_cast<double>(memory_statistics().peak_bytes) / (1 << 20);
  return json;
}

}  // namespace heed::bench
