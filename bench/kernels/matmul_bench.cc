// GFLOP/s of the products that Transformers are made of, beside the machine's peak: the best plain
// product on packed operands that oneDNN reaches here.
//
// Each line's `best` is its fastest repetition, which a busy machine disturbs least; `of_peak` is
// that divided by the peak at the same number of threads.
#include <fmt/format.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/matmul/tile.h"
#include "heed/kernels/matmul.h"
#include "heed/tensor/tensor.h"

namespace heed {
namespace {

// Seconds: with one thread its own processor time, which other programs hardly disturb.
double now(int threads) {
  timespec time{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Tensor random_matrix(std::int64_t rows, std::int64_t columns) {
  static std::mt19937_64 random(1);
  const Tensor x = Tensor::empty({rows, columns});
  std::normal_distribution<float> normal;
  for (float& value : x.values<float>()) {
    value = normal(random);
  }
  return x;
}

// The best GFLOP/s of all threads together over several squarish shapes, each thread with operands
// of its own.
double peak(int threads, MatmulPrecision precision) {
  static std::map<std::pair<int, MatmulPrecision>, double> known;
  double& best = known[{threads, precision}];
  if (best > 0) {
    return best;
  }
  set_thread_count(threads);
  ExecutionContext context = context_for(cpu_device);
  const cpu::PackedType type = cpu::packed_type_for(precision);
  for (const cpu::TileShape& shape : {cpu::TileShape{128, 512, 512, type},
                                      {256, 512, 512, type},
                                      {256, 256, 256, type},
                                      {512, 512, 512, type},
                                      {512, 256, 1024, type}}) {
    struct Operands {
      Tensor a, b, c;
    };
    std::vector<Operands> operands;
    for (int i = 0; i < threads; ++i) {
      operands.push_back({random_matrix(shape.m, shape.k), random_matrix(shape.k, shape.n),
                          random_matrix(shape.m, shape.n)});
    }
    for (int repetition = 0; repetition < 60; ++repetition) {
      const double start = now(threads);
      context.pool->run(threads, [&](std::int64_t i) {
        const Operands& own = operands[static_cast<std::size_t>(i)];
        for (int run = 0; run < 4; ++run) {
          cpu::run_tile(shape, own.a.view().data, own.b.view().data, nullptr,
                        own.c.view().as<float>());
        }
      });
      const double work = 8.0 * threads * static_cast<double>(shape.m * shape.n * shape.k);
      best = std::max(best, work / (now(threads) - start) / 1e9);
    }
  }
  return best;
}

enum class Kind { forward, input_gradient, weight_gradient };

// Tokens `tokens`, a weight [outputs, inputs].
void run_product(benchmark::State& state, Kind kind, std::int64_t tokens, std::int64_t outputs,
                 std::int64_t inputs, int threads, MatmulPrecision precision) {
  const double peak_rate = peak(threads, precision);
  set_thread_count(threads);
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = random_matrix(tokens, inputs);
  const Tensor y = random_matrix(tokens, outputs);
  const Tensor w = random_matrix(outputs, inputs);
  const Tensor bias = random_matrix(1, outputs).reshape({outputs});
  w.renew_stamp();
  MatmulOptions options{.precision = precision};
  options.transpose_b = kind == Kind::forward;
  options.transpose_a = options.accumulate = kind == Kind::weight_gradient;
  if (kind == Kind::forward) {
    options.bias = bias;
  }
  const Tensor& a = kind == Kind::forward ? x : y;
  const Tensor& b = kind == Kind::weight_gradient ? x : w;
  const Tensor& c = kind == Kind::forward ? y : kind == Kind::input_gradient ? x : w;
  const Tensor before_a = a.clone();
  matmul(context, before_a, b, c, options);
  double best = 1e30;
  for (auto _ : state) {
    const double start = now(threads);
    matmul(context, before_a, b, c, options);
    best = std::min(best, (now(threads) - start));
  }
  const double rate = 2.0 * static_cast<double>(tokens * outputs * inputs) / best / 1e9;
  state.counters["best"] = rate;
  state.counters["of_peak"] = rate / peak_rate;
}

// Packing a weight, as after each optimizer step: how long it takes beside the product with 2,000
// tokens.
void run_packing(benchmark::State& state, bool transposed, MatmulPrecision precision) {
  constexpr int threads = 1;
  set_thread_count(threads);
  ExecutionContext context = context_for(cpu_device);
  const Tensor w = random_matrix(2048, 512);
  const Tensor x = random_matrix(1, transposed ? 512 : 2048);
  const Tensor y = Tensor::empty({1, transposed ? 2048 : 512});
  double best = 1e30;
  for (auto _ : state) {
    w.renew_stamp();
    const double start = now(threads);
    matmul(context, x, w, y, {.transpose_b = transposed, .precision = precision});
    best = std::min(best, (now(threads) - start));
  }
  state.counters["GB/s"] = static_cast<double>(w.element_count()) * 4 / best / 1e9;
}

void run_column_sums(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  set_thread_count(threads);
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = random_matrix(state.range(1), state.range(2));
  const Tensor sums = random_matrix(1, state.range(2)).reshape({state.range(2)});
  double best = 1e30;
  for (auto _ : state) {
    const double start = now(threads);
    column_sums(context, x, true, sums);
    best = std::min(best, (now(threads) - start));
  }
  state.counters["GB/s"] = static_cast<double>(x.element_count()) * 4 / best / 1e9;
}

struct Weight {
  std::int64_t tokens, outputs, inputs;
};

const std::vector<Weight> trained = {
    {1000, 128, 128},  {4096, 128, 128},  {1000, 384, 128},  {4096, 384, 128},  {4096, 256, 128},
    {4096, 128, 256},  {1000, 512, 512},  {4096, 512, 512},  {4096, 1536, 512}, {1000, 2048, 512},
    {4096, 2048, 512}, {1000, 512, 2048}, {4096, 512, 2048}, {512, 8000, 128},  {512, 8000, 512}};
const std::vector<Weight> decoded = {{5, 512, 512},    {5, 2048, 512},   {5, 8000, 512},
                                     {40, 512, 512},   {40, 8000, 512},  {320, 512, 512},
                                     {320, 512, 2048}, {320, 8000, 512}, {320, 8000, 128}};

void register_benchmarks() {
  cpu::register_matmul();
  const auto add = [](const std::string& name, Kind kind, const Weight& weight) {
    for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
      for (const int threads : {1, 2}) {
        benchmark::RegisterBenchmark(
            fmt::format("{}/{}/tokens {} outputs {} inputs {}/threads {}", name,
                        precision == MatmulPrecision::float32 ? "float32" : "bfloat16",
                        weight.tokens, weight.outputs, weight.inputs, threads)
                .c_str(),
            [=](benchmark::State& state) {
              run_product(state, kind, weight.tokens, weight.outputs, weight.inputs, threads,
                          precision);
            })
            ->Unit(benchmark::kMicrosecond)
            ->UseRealTime()
            ->MinTime(0.1);
      }
    }
  };
  for (const Weight& weight : trained) {
    add("forward", Kind::forward, weight);
    add("input gradient", Kind::input_gradient, weight);
    add("weight gradient", Kind::weight_gradient, weight);
  }
  for (const Weight& weight : decoded) {
    add("decoding", Kind::forward, weight);
  }
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    for (const bool transposed : {false, true}) {
      benchmark::RegisterBenchmark(
          fmt::format("packing/{}/{}",
                      precision == MatmulPrecision::float32 ? "float32" : "bfloat16",
                      transposed ? "transposed" : "plain")
              .c_str(),
          [=](benchmark::State& state) { run_packing(state, transposed, precision); })
          ->Unit(benchmark::kMicrosecond)
          ->MinTime(0.1);
    }
  }
  benchmark::RegisterBenchmark("column sums", run_column_sums)
      ->Args({1, 4096, 512})
      ->Args({2, 4096, 512})
      ->Args({1, 1000, 128})
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime()
      ->MinTime(0.1);
}

const bool registered = (register_benchmarks(), true);

}  // namespace
}  // namespace heed
