// For tests of this folder: a task, and runs of it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/nn/layers.h"
#include "heed/ops/elementwise.h"
#include "heed/training/trainer.h"

namespace heed {

namespace fs = std::filesystem;

// A task of thirty lines: y = x · (3, −2)ᵀ + 1 from points, whose loss is half the squared error.
class LineTask : public Task {
 public:
  struct Points : Batch {
    Tensor x, minus_y;
  };
  class Source : public ExampleSource {
   public:
    Source() : sizes_(200, {1, 0}) {}
    std::span<const ExampleSize> sizes() const override { return sizes_; }
    std::unique_ptr<Batch> make(std::span<const std::uint32_t> examples,
                                std::int64_t) const override {
      std::vector<float> x, y;
      for (const std::uint32_t example : examples) {
        Random random(11, example);
        const double a = random.normal(), b = random.normal();
        x.insert(x.end(), {static_cast<float>(a), static_cast<float>(b)});
        y.push_back(static_cast<float>(-(3 * a - 2 * b + 1)));
      }
      const auto count = static_cast<std::int64_t>(examples.size());
      auto points = std::make_unique<Points>();
      points->predictions = points->tokens = count;
      points->x = Tensor::from_values<float>(x, {count, 2});
      points->minus_y = Tensor::from_values<float>(y, {count, 1});
      return points;
    }

   private:
    std::vector<ExampleSize> sizes_;
  };

  LineTask() : line_(2, 1, cpu_device), source_(std::make_shared<Source>()) {
    initialize_parameters(line_, 1);
  }

  Module& model() override { return line_; }
  std::shared_ptr<const ExampleSource> training() const override { return source_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override {
    const auto& points = static_cast<const Points&>(batch);
    const Tensor error = ops::add(line_.forward(points.x, context), points.minus_y);
    const Tensor sum = ops::sum(ops::multiply(error, error));
    const double plain = nan_at == ++calls ? std::numeric_limits<double>::quiet_NaN()
                                           : static_cast<double>(sum.values<float>()[0]);
    return {ops::scale(sum, static_cast<float>(scale)), plain, plain};
  }
  LossStyle loss_style() const override { return {.unit = "squared error", .perplexity = false}; }
  bool validates() const override { return held_out; }
  std::vector<TaskMeasure> measures() const override {
    return {{{.key = "closeness", .name = "Closeness", .decimals = 1}},
            {{.key = "distance", .name = "Distance", .lower_is_better = true}, true}};
  }
  Evaluation validate(bool thorough, ForwardContext) const override {
    ++validations;
    const double distance = std::abs(line_.weight.value.values<float>()[0] - 3.0f);
    Evaluation evaluation{.loss = distance, .measures = {{"closeness", -distance}}};
    if (thorough) {
      evaluation.measures.emplace_back("distance", distance);
      evaluation.samples = {{"x", "y", "z", std::nullopt}, {"a", "b", "c", 1.0}};
      evaluation.text = "seen\n";
    }
    return evaluation;
  }
  ModelFiles files() const override { return {{"config.json", "{}\n"}}; }

  bool held_out = true;
  std::int64_t nan_at = -1;
  mutable std::int64_t calls = 0, validations = 0;

 private:
  mutable Linear line_;
  std::shared_ptr<Source> source_;
};

class TrainerTest : public testing::Test {
 protected:
  TrainerTest() : directory_(testing::TempDir() + "heed_trainer_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
  }
  ~TrainerTest() override { fs::remove_all(directory_); }

  TrainingSetup setup(Task& task, const std::string& name = "run") {
    fs::create_directories(directory_ / name);
    TrainingSetup setup;
    setup.task = &task;
    setup.training = {.max_steps = 60, .validate_every = 20, .log_every = 10};
    setup.schedule = {.kind = "constant", .learning_rate = 0.1};
    setup.batches = {.batch_tokens = 32};
    setup.directory = directory_ / name;
    return setup;
  }

  std::string refusal(TrainingSetup setup) {
    try {
      Trainer trainer(std::move(setup));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "none";
  }

  fs::path directory_;
};

}  // namespace heed
