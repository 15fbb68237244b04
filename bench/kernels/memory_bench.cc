// GB/s of the kernels that are bound by memory, at the sizes of a training step (4,096 tokens,
// width 512, feed-forward 2,048, vocabulary 8,000), beside a plain copy of the same bytes.
//
// Each line's `best` is its fastest repetition, which a busy machine disturbs least; `of_copy` is
// that divided by the copy's. Bytes count each operand once per direction.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <functional>
#include <limits>
#include <string>

#include "heed/backends/cpu/families.h"
#include "heed/base/random.h"
#include "heed/kernels/elementwise.h"
#include "heed/kernels/embedding.h"
#include "heed/kernels/normalization.h"
#include "heed/kernels/optimizer.h"
#include "heed/kernels/softmax.h"
#include "heed/tensor/tensor.h"

namespace heed {
namespace {

constexpr std::int64_t tokens = 4096;
constexpr std::int64_t width = 512;
constexpr std::int64_t inner = 2048;
constexpr std::int64_t vocabulary = 8000;

// Seconds: with one thread its own processor time, which other programs hardly disturb.
double now(int threads) {
  timespec time{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Tensor random_tensor(const Shape& shape) {
  const Tensor x = Tensor::empty(shape);
  Random random(1);
  for (float& value : x.values<float>()) {
    value = static_cast<float>(random.uniform() - 0.5);
  }
  return x;
}

using Work = std::function<void(ExecutionContext&)>;

// Moves `bytes`, half of them in, half of them out, with plain loads and stores.
class Copy {
 public:
  explicit Copy(std::int64_t bytes)
      : from_(random_tensor({bytes / 8})), to_(random_tensor({bytes / 8})) {}

  void operator()(ExecutionContext& context) const {
    const float* from = from_.values<float>().data();
    float* to = to_.values<float>().data();
    context.pool->run_range(from_.element_count(), 16384,
                            [&](std::int64_t begin, std::int64_t end) {
                              std::memcpy(to + begin, from + begin,
                                          static_cast<std::size_t>(end - begin) * sizeof(float));
                            });
  }

 private:
  Tensor from_, to_;
};

void run(benchmark::State& state, std::int64_t bytes, const Work& work) {
  const auto threads = static_cast<int>(state.range(0));
  const Copy copy(bytes);
  ThreadPool pool(threads);
  ExecutionContext context{cpu_device, &pool};
  double best = std::numeric_limits<double>::infinity();
  double best_copy = best;
  const auto seconds = [&](const auto& body) {
    const double start = now(threads);
    body(context);
    return now(threads) - start;
  };
  for (auto _ : state) {
    // In turn, so that both meet the same machine; thrice, so that caches know what comes.
    for (int i = 0; i < 3; ++i) {
      best = std::min(best, seconds(work));
    }
    for (int i = 0; i < 3; ++i) {
      best_copy = std::min(best_copy, seconds(copy));
    }
  }
  state.counters["best_GB/s"] = static_cast<double>(bytes) / best * 1e-9;
  state.counters["of_copy"] = best_copy / best;
  state.counters["best_us"] = best * 1e6;
}

const DropoutStream stream{.rate = 0.1f, .key = 1, .site = 2};
constexpr std::int64_t matrix_bytes = tokens * width * 4;

void activation(benchmark::State& state, Activation kind, const DropoutStream& mask) {
  const Tensor x = random_tensor({tokens, inner});
  const Tensor y = random_tensor({tokens, inner});
  run(state, 2 * tokens * inner * 4,
      [&](ExecutionContext& context) { activation_forward(context, kind, x, mask, y); });
}

void activation_gradient(benchmark::State& state, Activation kind, const DropoutStream& mask) {
  const Tensor x = random_tensor({tokens, inner});
  const Tensor dy = random_tensor({tokens, inner});
  run(state, 3 * tokens * inner * 4,
      [&](ExecutionContext& context) { activation_backward(context, kind, x, dy, mask, dy); });
}

void residual_norm(benchmark::State& state, const DropoutStream& mask) {
  const Tensor x = random_tensor({tokens, width}), branch = random_tensor({tokens, width});
  const Tensor sum = random_tensor({tokens, width}), y = random_tensor({tokens, width});
  const Tensor gain = random_tensor({width}), bias = random_tensor({width});
  const Tensor mean = random_tensor({tokens}), rstd = random_tensor({tokens});
  run(state, 4 * matrix_bytes, [&](ExecutionContext& context) {
    residual_norm_forward(context, {.x = x,
                                    .branch = branch,
                                    .gain = gain,
                                    .bias = bias,
                                    .sum = sum,
                                    .y = y,
                                    .mean = mean,
                                    .rstd = rstd,
                                    .dropout = mask});
  });
}

void residual_norm_gradient(benchmark::State& state, const DropoutStream& mask) {
  const Tensor sum = random_tensor({tokens, width}), dy = random_tensor({tokens, width});
  const Tensor dsum = random_tensor({tokens, width}), dbranch = random_tensor({tokens, width});
  const Tensor gain = random_tensor({width}), dgain = random_tensor({width});
  const Tensor dbias = random_tensor({width});
  const Tensor mean = random_tensor({tokens}), rstd = random_tensor({tokens});
  run(state, 4 * matrix_bytes, [&](ExecutionContext& context) {
    residual_norm_backward(context, {.sum = sum,
                                     .gain = gain,
                                     .mean = mean,
                                     .rstd = rstd,
                                     .dy = dy,
                                     .dsum = dsum,
                                     .dbranch = dbranch,
                                     .dgain = dgain,
                                     .dbias = dbias,
                                     .dropout = mask});
  });
}

Tensor random_ids() {
  const Tensor ids = Tensor::empty({tokens}, DType::int32);
  Random random(2);
  for (std::int32_t& id : ids.values<std::int32_t>()) {
    // Words are frequent in inverse proportion to their rank.
    id = static_cast<std::int32_t>(std::exp(random.uniform() * std::log(vocabulary))) - 1;
  }
  return ids;
}

void loss(benchmark::State& state, bool want_gradient) {
  const Tensor logits = random_tensor({tokens, vocabulary});
  const Tensor targets = random_ids();
  run(state, (want_gradient ? 2 : 1) * tokens * vocabulary * 4, [&](ExecutionContext& context) {
    CrossEntropySums sums;
    cross_entropy(
        context,
        {.logits = logits, .targets = targets, .smoothing = 0.1f, .want_gradient = want_gradient},
        sums);
  });
}

void softmax(benchmark::State& state) {
  const Tensor x = random_tensor({tokens, vocabulary});
  const Tensor y = random_tensor({tokens, vocabulary});
  run(state, 2 * tokens * vocabulary * 4,
      [&](ExecutionContext& context) { softmax_forward(context, x, y); });
}

void embedding(benchmark::State& state) {
  const Tensor table = random_tensor({vocabulary, width});
  const Tensor y = random_tensor({tokens, width});
  const Tensor ids = random_ids();
  run(state, 2 * matrix_bytes, [&](ExecutionContext& context) {
    embedding_forward(context, {.ids = ids, .table = table, .y = y, .scale = 2, .dropout = stream});
  });
}

void embedding_gradient(benchmark::State& state) {
  const Tensor table = random_tensor({vocabulary, width});
  const Tensor dy = random_tensor({tokens, width});
  const Tensor ids = random_ids();
  run(state, 3 * matrix_bytes, [&](ExecutionContext& context) {
    embedding_backward(context,
                       {.ids = ids, .dy = dy, .dtable = table, .scale = 2, .dropout = stream});
  });
}

void adam(benchmark::State& state) {
  const std::int64_t size = 16 << 20;
  const Tensor weights = random_tensor({size}), gradient = random_tensor({size});
  const Tensor m = Tensor::zeros({size}), v = Tensor::zeros({size});
  run(state, 7 * size * 4, [&](ExecutionContext& context) {
    adam_step(context, {.weights = weights,
                        .gradient = gradient,
                        .first_moment = m,
                        .second_moment = v,
                        .learning_rate = 1e-4f,
                        .weight_decay = 0.01f});
  });
}

void squares(benchmark::State& state) {
  const Tensor x = random_tensor({16 << 20});
  run(state, (16 << 20) * 4,
      [&](ExecutionContext& context) { benchmark::DoNotOptimize(sum_of_squares(context, x)); });
}

void add(benchmark::State& state) {
  const Tensor x = random_tensor({tokens, inner}), y = random_tensor({tokens, inner});
  run(state, 3 * tokens * inner * 4,
      [&](ExecutionContext& context) { scale_add(context, x, 1, 1, y); });
}

void list(const std::string& name, const std::function<void(benchmark::State&)>& body) {
  benchmark::RegisterBenchmark(name.c_str(), [body](benchmark::State& state) { body(state); })
      ->Arg(1)
      ->Arg(2)
      ->Iterations(5)
      ->Unit(benchmark::kMillisecond);
}

const bool listed = [] {
  cpu::register_elementwise();
  cpu::register_normalization();
  cpu::register_softmax();
  cpu::register_embedding();
  cpu::register_optimizer();
  const std::pair<const char*, Activation> kinds[] = {{"identity", Activation::identity},
                                                      {"relu", Activation::relu},
                                                      {"gelu", Activation::gelu},
                                                      {"gelu_tanh", Activation::gelu_tanh},
                                                      {"silu", Activation::silu},
                                                      {"tanh", Activation::tanh},
                                                      {"relu_squared", Activation::relu_squared}};
  for (const auto& [name, kind] : kinds) {
    for (const bool dropped : {false, true}) {
      const std::string suffix = std::string(name) + (dropped ? "+dropout" : "");
      const DropoutStream mask = dropped ? stream : DropoutStream{};
      list("activation_forward/" + suffix,
           [=](benchmark::State& state) { activation(state, kind, mask); });
      list("activation_backward/" + suffix,
           [=](benchmark::State& state) { activation_gradient(state, kind, mask); });
    }
  }
  for (const bool dropped : {false, true}) {
    const DropoutStream mask = dropped ? stream : DropoutStream{};
    const std::string suffix = dropped ? "/dropout" : "";
    list("residual_norm_forward" + suffix,
         [=](benchmark::State& state) { residual_norm(state, mask); });
    list("residual_norm_backward" + suffix,
         [=](benchmark::State& state) { residual_norm_gradient(state, mask); });
  }
  list("cross_entropy/gradient", [](benchmark::State& state) { loss(state, true); });
  list("cross_entropy/loss", [](benchmark::State& state) { loss(state, false); });
  list("softmax_forward", softmax);
  list("embedding_forward", embedding);
  list("embedding_backward", embedding_gradient);
  list("adam_step", adam);
  list("sum_of_squares", squares);
  list("scale_add", add);
  return true;
}();

}  // namespace
}  // namespace heed
