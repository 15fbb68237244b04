// An optimizer's step over the matrices of a decoder: what Muon costs beside AdamW.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/random.h"
#include "heed/nn/layers.h"
#include "heed/ops/elementwise.h"
#include "heed/training/optimizer.h"

namespace heed {
namespace {

// The linear maps of a stack of blocks, d wide with inner layers of 4 · d.
class Maps : public Module {
 public:
  Maps(std::int64_t d, int layers) {
    for (int i = 0; i < layers; ++i) {
      maps_.push_back(std::make_unique<FusedLinear>(d, d, names_, cpu_device, false));
      maps_.push_back(std::make_unique<Linear>(d, d, cpu_device, false));
      maps_.push_back(std::make_unique<Linear>(d, 4 * d, cpu_device, false));
      maps_.push_back(std::make_unique<Linear>(4 * d, d, cpu_device, false));
    }
    initialize_parameters(*this, 1);
  }
  void visit(ParameterVisitor& visitor) override {
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      visitor.parameter(std::to_string(i), maps_[i]->weight);
    }
  }

 private:
  std::vector<std::string> names_ = {"q", "k", "v"};
  std::vector<std::unique_ptr<Linear>> maps_;
};

void step(benchmark::State& state, const char* kind, MatmulPrecision precision) {
  register_cpu_backend();
  set_thread_count(2);
  Maps maps(state.range(0), static_cast<int>(state.range(1)));
  require_gradients(maps);
  OptimizerConfig config;
  config.kind = kind;
  Optimizer optimizer(maps, config, precision);
  for (auto _ : state) {
    state.PauseTiming();
    for (const NamedParameter& item : parameters_of(maps)) {
      const Tensor& weights = item.parameter->value;
      backward(ops::scale(weights, 1), weights.clone());
    }
    const double norm = optimizer.gradient_norm();
    state.ResumeTiming();
    optimizer.step(1e-3, norm);
  }
}

void sizes(benchmark::internal::Benchmark* each) {
  each->Args({128, 4})
      ->Args({384, 6})
      ->Args({768, 12})
      ->Iterations(5)
      ->UseRealTime()
      ->MeasureProcessCPUTime()
      ->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(step, adamw, "adamw", MatmulPrecision::float32)->Apply(sizes);
BENCHMARK_CAPTURE(step, muon_float32, "muon", MatmulPrecision::float32)->Apply(sizes);
BENCHMARK_CAPTURE(step, muon_bf16, "muon", MatmulPrecision::bfloat16)->Apply(sizes);

}  // namespace
}  // namespace heed
