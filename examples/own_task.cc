// A task that heed does not have, in this one file: a small Transformer encoder reads a line of
// brackets and says of each how deep it is nested.
//
//   ( ( ) ( ( ) ) )   →   1 2 2 2 3 3 2 1
//
// The file says what an example is, what the loss is and what is measured; heed's Trainer does the
// rest: batches, validation, checkpoints, the best one, the page report.html, and a resume after a
// kill that ends with the same bytes as a run that was not killed.
//
//   example_own_task RUN [resume] [kill-at STEP]
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/nn/embeddings.h"
#include "heed/nn/stack.h"
#include "heed/ops/softmax.h"
#include "heed/training/trainer.h"

using heed::Tensor, heed::cpu_device;

constexpr int open_bracket = 0, close_bracket = 1, kinds = 2;
constexpr int deepest = 4, longest = 16;

struct Line {
  std::vector<std::int32_t> brackets, depths;
};

// Line `number`, a function of that alone: brackets that are never closed before they are opened.
Line make_line(std::uint64_t number) {
  heed::Random random(/*seed=*/7, number);
  Line line;
  std::int32_t depth = 0;
  const std::size_t length = 4 + random.below(longest - 3);
  while (line.brackets.size() < length) {
    const bool opens = depth == 0 || (depth < deepest && random.below(2) == 0);
    depth += opens ? 1 : 0;
    line.brackets.push_back(opens ? open_bracket : close_bracket);
    line.depths.push_back(depth);
    depth -= opens ? 0 : 1;
  }
  return line;
}

// Lines one behind the other, without padding.
struct BracketBatch : heed::Batch {
  Tensor brackets, depths;  // int32 [tokens]
  heed::Sequences lines;
};

class BracketLines : public heed::ExampleSource {
 public:
  BracketLines(std::uint64_t first, std::size_t count) : first_(first) {
    for (std::size_t i = 0; i < count; ++i) {
      sizes_.push_back({static_cast<std::int32_t>(make_line(first + i).brackets.size()), 0});
    }
  }
  std::span<const heed::ExampleSize> sizes() const override { return sizes_; }
  std::unique_ptr<heed::Batch> make(std::span<const std::uint32_t> examples,
                                    std::int64_t /*epoch*/) const override {
    std::vector<std::int32_t> brackets, depths, lengths;
    for (const std::uint32_t example : examples) {
      const Line line = make_line(first_ + example);
      brackets.insert(brackets.end(), line.brackets.begin(), line.brackets.end());
      depths.insert(depths.end(), line.depths.begin(), line.depths.end());
      lengths.push_back(static_cast<std::int32_t>(line.brackets.size()));
    }
    auto batch = std::make_unique<BracketBatch>();
    batch->lines = heed::make_sequences(lengths);
    batch->predictions = batch->tokens = batch->lines.tokens();
    batch->brackets = Tensor::from_values<std::int32_t>(brackets, {batch->tokens});
    batch->depths = Tensor::from_values<std::int32_t>(depths, {batch->tokens});
    return batch;
  }

 private:
  std::uint64_t first_;
  std::vector<heed::ExampleSize> sizes_;
};

class BracketModel : public heed::Module {
 public:
  explicit BracketModel(std::uint64_t seed) { initialize_parameters(*this, seed); }
  void visit(heed::ParameterVisitor& visitor) override {
    visitor.parameter("brackets", table_);
    visitor.module("encoder", stack_);
    visitor.module("output", output_);
  }
  Tensor states(const BracketBatch& batch, heed::ForwardContext& context) const {
    const Tensor x = embeddings_.forward(batch.brackets, Tensor(), table_, batch.lines, longest,
                                         stack_.positions(), context);
    return stack_.forward(x, batch.lines, context);
  }
  const heed::Linear& output() const { return output_; }

 private:
  heed::StackConfig config_{.d_model = 32,
                            .heads = 2,
                            .feed_forward_size = 64,
                            .activation = "gelu",
                            .norm = "pre",
                            .max_length = longest,
                            .position = {.kind = "learned"}};
  heed::Parameter table_ = embedding_table(config_, kinds, heed::no_padding, cpu_device);
  heed::Embeddings embeddings_{config_, {}, cpu_device};
  heed::Stack stack_{config_, {.layers = 2}, cpu_device};
  heed::Linear output_{config_.d_model, deepest + 1, cpu_device};
};

class BracketDepth : public heed::Task {
 public:
  heed::Module& model() override { return model_; }
  std::shared_ptr<const heed::ExampleSource> training() const override { return training_; }

  heed::Loss loss(const heed::Batch& batch, double scale,
                  heed::ForwardContext& context) const override {
    const auto& brackets = static_cast<const BracketBatch&>(batch);
    const auto result = heed::ops::projection_cross_entropy(
        model_.states(brackets, context),
        {model_.output().weight.value, model_.output().bias.value}, brackets.depths,
        {.scale = static_cast<float>(scale), .precision = context.precision});
    return {result.loss, result.sums.loss, result.sums.plain_loss};
  }

  bool validates() const override { return true; }
  std::vector<heed::TaskMeasure> measures() const override {
    return {{.style = {.key = "accuracy", .name = "% right", .decimals = 1}}};
  }
  heed::Evaluation validate(bool /*thorough*/, heed::ForwardContext context) const override {
    std::vector<std::uint32_t> all(held_out_->sizes().size());
    for (std::uint32_t i = 0; i < all.size(); ++i) {
      all[i] = i;
    }
    const auto made = held_out_->make(all, 0);
    const auto& batch = static_cast<const BracketBatch&>(*made);
    const auto logits =
        model_.output().forward(model_.states(batch, context), context).to_doubles();
    const auto depths = batch.depths.values<std::int32_t>();
    heed::ForwardContext again = context;
    heed::Evaluation evaluation{.loss = loss(batch, 1, again).plain /
                                        static_cast<double>(batch.predictions)};
    double right = 0;
    std::string given;
    for (std::size_t i = 0; i < depths.size(); ++i) {
      const auto row = logits.begin() + static_cast<std::ptrdiff_t>(i * (deepest + 1));
      const auto depth = std::max_element(row, row + deepest + 1) - row;
      right += depth == depths[i] ? 1 : 0;
      given += std::to_string(depth) + " ";
    }
    evaluation.measures = {{"accuracy", 100 * right / static_cast<double>(depths.size())}};
    evaluation.samples = samples(batch, given);
    return evaluation;
  }
  heed::ModelFiles files() const override {
    return {{"config.json", "{\"task\": \"brackets\"}\n"}};
  }

 private:
  // For the page: each line with the depths expected and given.
  static std::vector<heed::Sample> samples(const BracketBatch& batch, const std::string& given) {
    const auto brackets = batch.brackets.values<std::int32_t>();
    const auto depths = batch.depths.values<std::int32_t>();
    std::vector<heed::Sample> samples(static_cast<std::size_t>(batch.lines.count()));
    for (std::size_t line = 0; line < samples.size(); ++line) {
      for (auto i = static_cast<std::size_t>(batch.lines.offsets[line]);
           i < static_cast<std::size_t>(batch.lines.offsets[line + 1]); ++i) {
        samples[line].input += brackets[i] == open_bracket ? "( " : ") ";
        samples[line].expected += std::to_string(depths[i]) + " ";
        samples[line].given += given.substr(2 * i, 2);
      }
    }
    return samples;
  }

  BracketModel model_{/*seed=*/1};
  std::shared_ptr<const BracketLines> training_ = std::make_shared<BracketLines>(1000, 4000);
  std::shared_ptr<const BracketLines> held_out_ = std::make_shared<BracketLines>(0, 200);
};

// Prints each validation; ends the process at a step if asked to, with nobody tidying up.
class Progress : public heed::Progress {
 public:
  void update(const heed::ProgressState& state) override {
    if (state.step == kill_at) {
      std::raise(SIGKILL);
    }
  }
  void row(const heed::ValidationRecord& record,
           std::span<const heed::ValidationColumn> columns) override {
    for (const heed::ValidationColumn& column : columns) {
      std::printf("%s %s  ", column.heading.c_str(), column.text(record).c_str());
    }
    std::printf("%s\n", record.best ? "*" : "");
  }

  std::int64_t kill_at = -1;
};

int main(int argc, char** argv) try {
  heed::register_cpu_backend();
  heed::check_usage(argc >= 2, "usage: example_own_task RUN [resume] [kill-at STEP]");
  Progress progress;
  bool resume = false;
  for (int i = 2; i < argc; ++i) {
    resume = resume || std::string(argv[i]) == "resume";
    if (std::string(argv[i]) == "kill-at" && i + 1 < argc) {
      progress.kill_at = std::atol(argv[i + 1]);
    }
  }
  BracketDepth task;
  heed::TrainingSetup setup;
  setup.task = &task;
  setup.training = {.max_steps = 500,
                    .label_smoothing = 0,
                    .validate_every = 50,
                    .save_every = 25,
                    .best_by = "accuracy",
                    .log_every = 10};
  setup.optimizer = {.kind = "adamw", .weight_decay = 0.01};
  setup.schedule = {.kind = "linear", .learning_rate = 0.008, .warmup_steps = 40};
  setup.batches = {.batch_tokens = 1024};
  setup.directory = argv[1];
  setup.resume = resume;
  setup.title = "Depths of brackets";
  setup.progress = &progress;
  std::filesystem::create_directories(setup.directory);
  const heed::TrainingOutcome outcome = heed::Trainer(setup).run();
  const double accuracy = *outcome.best_validation->measure("accuracy");
  std::printf("%.1f %% of the depths of 200 new lines right; look at %s/report.html\n", accuracy,
              argv[1]);
  return accuracy > 95 ? 0 : 1;
} catch (const heed::Error& error) {
  std::fprintf(stderr, "example_own_task: %s\n", error.what());
  return heed::exit_code(error.kind());
}
