// GFLOP/s of attention at the sizes of training (4,096 packed tokens) and of decoding with beams.
//
// Operations are those of the products, also for the half that a causal mask hides: 4 · queries ·
// keys · width forward, 10 · … backward. Each line's `best` is its fastest repetition, which a busy
// machine disturbs least.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <limits>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/base/random.h"
#include "heed/kernels/attention.h"
#include "heed/tensor/tensor.h"

namespace heed {
namespace {

constexpr std::int32_t tokens = 4096;

Tensor random_tensor(const Shape& shape) {
  const Tensor x = Tensor::empty(shape);
  Random random(1);
  for (float& value : x.values<float>()) {
    value = static_cast<float>(random.normal());
  }
  return x;
}

// Seconds: with one thread its own processor time, which other programs hardly disturb.
double now(int threads) {
  timespec time{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void run(benchmark::State& state, double operations,
         const std::function<void(ExecutionContext&)>& work) {
  cpu::register_attention();
  const auto threads = static_cast<int>(state.range(0));
  ThreadPool pool(threads);
  ExecutionContext context{cpu_device, &pool};
  double best = std::numeric_limits<double>::infinity();
  for (auto _ : state) {
    const double start = now(threads);
    work(context);
    best = std::min(best, now(threads) - start);
  }
  state.counters["best_GFLOP/s"] = operations / best * 1e-9;
  state.counters["best_us"] = best * 1e6;
}

// What a call asks for besides q·k; negative reaches: nothing.
struct Extras {
  std::int32_t window = -1;   // reach_back and reach_ahead
  std::int32_t bias = -1;     // r of distance_bias
  std::int32_t vectors = -1;  // r of key_vectors and value_vectors, shared by the heads
  bool table = false, sinks = false;
  float soft_cap = 0;
  std::int32_t contextual = 0;  // positions
};

// Self-attention over slices of a fused [tokens, 3 · width] projection. Length 0 stands for lengths
// from 5 to 60, as sentences have.
struct Training {
  std::vector<std::int32_t> offsets{0};
  double pairs = 0;  // Σ queries · keys
  int heads, size;
  Tensor fused, dfused, out, dout, log_sum_exp;
  AttentionPlan plan;
  Tensor distance_bias, vectors, table_bias, sinks, contextual, dterms[6];

  Training(std::int32_t length, int head_count, int head_size, bool causal, float dropout,
           const Extras& extras = {})
      : heads(head_count), size(head_size) {
    Random random(3);
    const std::int32_t total = std::max(tokens, length);
    while (offsets.back() < total) {
      const auto next = length > 0 ? length : static_cast<std::int32_t>(5 + random.below(56));
      offsets.push_back(std::min(total, offsets.back() + next));
      pairs += std::pow(offsets.back() - offsets[offsets.size() - 2], 2);
    }
    const std::int64_t width = heads * size;
    fused = random_tensor({total, 3 * width});
    dfused = random_tensor({total, 3 * width});
    out = random_tensor({total, width});
    dout = random_tensor({total, width});
    log_sum_exp = random_tensor({total, heads});
    plan.query_offsets = offsets;
    plan.key_offsets = offsets;
    plan.heads = plan.key_heads = heads;
    plan.scale = 1 / std::sqrt(static_cast<float>(size));
    plan.causal = causal;
    plan.dropout = {.rate = dropout, .key = 7, .site = 1};
    plan.reach_back = plan.reach_ahead = extras.window;
    plan.soft_cap = extras.soft_cap;
    if (extras.bias >= 0) {
      distance_bias = random_tensor({heads, 2 * extras.bias + 1});
    }
    if (extras.vectors >= 0) {
      vectors = random_tensor({2 * extras.vectors + 1, size});
    }
    if (extras.table) {
      table_bias = random_tensor({heads, length, length});
    }
    if (extras.sinks) {
      sinks = random_tensor({1, heads});
    }
    if (extras.contextual > 0) {
      contextual = random_tensor({extras.contextual, size});
    }
    const Tensor terms[] = {distance_bias, vectors, vectors, table_bias, sinks, contextual};
    for (int i = 0; i < 6; ++i) {
      dterms[i] = terms[i].defined() ? Tensor::empty(terms[i].shape()) : Tensor();
    }
  }
  AttentionTerms<ConstView> terms() const {
    const auto view = [](const Tensor& x) {
      return x.defined() ? ConstView(x.view()) : ConstView();
    };
    return {.distance_bias = view(distance_bias),
            .table_bias = view(table_bias),
            .key_vectors = view(vectors),
            .value_vectors = view(vectors),
            .sinks = view(sinks),
            .contextual = view(contextual)};
  }
  AttentionTerms<View> term_gradients() const {
    const auto view = [](const Tensor& x) { return x.defined() ? x.view() : View(); };
    return {.distance_bias = view(dterms[0]),
            .table_bias = view(dterms[3]),
            .key_vectors = view(dterms[1]),
            .value_vectors = view(dterms[2]),
            .sinks = view(dterms[4]),
            .contextual = view(dterms[5])};
  }
  Tensor part(const Tensor& x, int index) const {
    return x.columns(index * heads * size, (index + 1) * heads * size);
  }
  void forward(ExecutionContext& context) const {
    attention_forward(context, plan,
                      {.q = part(fused, 0),
                       .k = part(fused, 1),
                       .v = part(fused, 2),
                       .terms = terms(),
                       .out = out,
                       .log_sum_exp = log_sum_exp,
                       .weights = {}});
  }
  void backward(ExecutionContext& context) const {
    attention_backward(context, plan,
                       {.q = part(fused, 0),
                        .k = part(fused, 1),
                        .v = part(fused, 2),
                        .terms = terms(),
                        .out = out,
                        .log_sum_exp = log_sum_exp,
                        .dout = dout,
                        .dq = part(dfused, 0),
                        .dk = part(dfused, 1),
                        .dv = part(dfused, 2),
                        .dterms = term_gradients()});
  }
  double operations() const { return 2 * pairs * heads * size; }
};

void forward(benchmark::State& state, std::int32_t length, int heads, int size, bool causal,
             float dropout, const Extras& extras = {}) {
  const Training training(length, heads, size, causal, dropout, extras);
  run(state, 2 * training.operations(),
      [&](ExecutionContext& context) { training.forward(context); });
}

void backward(benchmark::State& state, std::int32_t length, int heads, int size, bool causal,
              float dropout, const Extras& extras = {}) {
  cpu::register_attention();
  const Training training(length, heads, size, causal, dropout, extras);
  ExecutionContext once{cpu_device, nullptr};
  training.forward(once);
  run(state, 5 * training.operations(),
      [&](ExecutionContext& context) { training.backward(context); });
}

// 64 sentences with 5 beams each that share the first entries of their caches.
void decode(benchmark::State& state, std::int32_t length, int heads, int size) {
  constexpr std::int32_t sentences = 64;
  constexpr std::int32_t beams = 5;
  std::vector<std::int32_t> slots, begin, end;
  for (std::int32_t row = 0; row < sentences * beams; ++row) {
    begin.push_back(static_cast<std::int32_t>(slots.size()));
    for (std::int32_t j = 0; j < length; ++j) {
      const std::int32_t owner = 2 * j < length ? row / beams * beams : row;
      slots.push_back(j * sentences * beams + owner);
    }
    end.push_back(static_cast<std::int32_t>(slots.size()));
  }
  const Tensor q = random_tensor({sentences * beams, heads * size});
  const Tensor cache = random_tensor({sentences * beams * length, 2 * heads * size});
  const Tensor out = random_tensor({sentences * beams, heads * size});
  const std::vector<std::int32_t> positions(begin.size(), static_cast<std::int32_t>(length - 1));
  const CachedAttention io{.plan = {.heads = heads, .key_heads = heads, .scale = 0.125f},
                           .q = q,
                           .keys = cache.columns(0, heads * size),
                           .values = cache.columns(heads * size, 2 * heads * size),
                           .slots = slots,
                           .begin = begin,
                           .end = end,
                           .positions = positions,
                           .out = out};
  run(state, 4.0 * static_cast<double>(slots.size()) * heads * size,
      [&](ExecutionContext& context) { cached_attention(context, io); });
}

#define HEED_TRAINING(name, ...)                                        \
  BENCHMARK_CAPTURE(forward, name, __VA_ARGS__)->Arg(1)->UseRealTime(); \
  BENCHMARK_CAPTURE(backward, name, __VA_ARGS__)->Arg(1)->UseRealTime()

HEED_TRAINING(mixed_4x32, 0, 4, 32, false, 0.0f);
HEED_TRAINING(mixed_4x32_causal_dropout, 0, 4, 32, true, 0.1f);
HEED_TRAINING(mixed_4x32_dropout, 0, 4, 32, false, 0.1f);
HEED_TRAINING(mixed_8x64, 0, 8, 64, false, 0.0f);
HEED_TRAINING(mixed_8x64_dropout, 0, 8, 64, false, 0.1f);
HEED_TRAINING(length_16_4x32, 16, 4, 32, false, 0.0f);
HEED_TRAINING(length_16_4x32_dropout, 16, 4, 32, false, 0.1f);
HEED_TRAINING(length_16_8x64, 16, 8, 64, false, 0.0f);
HEED_TRAINING(length_64_4x32, 64, 4, 32, false, 0.0f);
HEED_TRAINING(length_64_8x64, 64, 8, 64, false, 0.0f);
HEED_TRAINING(length_64_8x64_dropout, 64, 8, 64, false, 0.1f);
HEED_TRAINING(length_512_8x64, 512, 8, 64, false, 0.0f);
HEED_TRAINING(length_512_8x64_causal, 512, 8, 64, true, 0.0f);
HEED_TRAINING(length_512_8x64_window_128, 512, 8, 64, false, 0.0f, {.window = 128});
HEED_TRAINING(length_512_8x64_distance_bias, 512, 8, 64, false, 0.0f, {.bias = 128});
HEED_TRAINING(length_512_8x64_table_bias, 512, 8, 64, false, 0.0f, {.table = true});
HEED_TRAINING(length_512_8x64_vectors_16, 512, 8, 64, false, 0.0f, {.vectors = 16});
HEED_TRAINING(length_512_8x64_sinks, 512, 8, 64, false, 0.0f, {.sinks = true});
HEED_TRAINING(length_512_8x64_soft_cap, 512, 8, 64, false, 0.0f, {.soft_cap = 50});
HEED_TRAINING(length_512_8x64_contextual_64, 512, 8, 64, false, 0.0f, {.contextual = 64});
HEED_TRAINING(length_512_8x64_contextual_512, 512, 8, 64, false, 0.0f, {.contextual = 512});
HEED_TRAINING(length_512_8x64_contextual_64_causal, 512, 8, 64, true, 0.0f, {.contextual = 64});
HEED_TRAINING(length_4096_8x64_contextual_64, 4096, 8, 64, false, 0.0f, {.contextual = 64});
HEED_TRAINING(mixed_8x64_contextual_64_dropout, 0, 8, 64, false, 0.1f, {.contextual = 64});
HEED_TRAINING(length_4096_8x64, 4096, 8, 64, false, 0.0f);
HEED_TRAINING(length_16384_1x64_causal, 16384, 1, 64, true, 0.0f);
HEED_TRAINING(length_16384_1x64_window_128, 16384, 1, 64, true, 0.0f, {.window = 128});
HEED_TRAINING(length_16384_1x64_everything, 16384, 1, 64, true, 0.0f,
              {.bias = 16384, .vectors = 64, .sinks = true, .soft_cap = 50});
BENCHMARK_CAPTURE(decode, length_15_4x32, 15, 4, 32)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(decode, length_15_8x64, 15, 8, 64)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(decode, length_200_8x64, 200, 8, 64)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace heed
