// Times attention forward and backward by length, for comparison with other frameworks.
//
//   heed_attention_speed --lengths 64 512 4096 16384 --precision bf16
//
// Sequences of one length, 4,096 tokens in all or one sequence that is longer, heads of 64 as
// slices of one projection. Prints one JSON object for each length, with and without a causal mask:
// the least of `repeats` times of a forward and a backward pass.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/random.h"
#include "heed/kernels/attention.h"
#include "heed/tensor/tensor.h"

namespace {

using namespace heed;

struct Options {
  std::vector<int> lengths = {64, 256, 1024, 4096, 16384};
  int heads = 8;
  int repeats = 3;
  int threads = 2;
  std::string precision = "float32";
};

constexpr int tokens = 4096;
constexpr int head_size = 64;

Tensor random_rows(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  const Tensor x = Tensor::empty({rows, columns});
  Random random(seed);
  for (float& value : x.values<float>()) {
    value = static_cast<float>(random.normal());
  }
  return x;
}

// Self-attention of packed sequences; results are written over at every run.
class SelfAttention {
 public:
  SelfAttention(int length, int heads, bool causal, MatmulPrecision precision)
      : width_(std::int64_t{heads} * head_size) {
    const int total = std::max(tokens, length);
    for (int offset = 0; offset < total; offset += length) {
      offsets_.push_back(offset);
    }
    offsets_.push_back(total);
    projected_ = random_rows(total, 3 * width_, 1);
    dout_ = random_rows(total, width_, 2);
    gradients_ = Tensor::empty(projected_.shape());
    out_ = Tensor::empty(dout_.shape());
    log_sum_exp_ = Tensor::empty({total, heads});
    plan_.query_offsets = plan_.key_offsets = offsets_;
    plan_.heads = plan_.key_heads = heads;
    plan_.scale = 1 / std::sqrt(static_cast<float>(head_size));
    plan_.causal = causal;
    plan_.precision = precision;
  }
  SelfAttention(const SelfAttention&) = delete;  // the plan points into offsets_
  SelfAttention& operator=(const SelfAttention&) = delete;

  void run() const {
    ExecutionContext context = context_for(cpu_device);
    attention_forward(context, plan_,
                      {.q = part(projected_, 0),
                       .k = part(projected_, 1),
                       .v = part(projected_, 2),
                       .terms = {},
                       .out = out_,
                       .log_sum_exp = log_sum_exp_,
                       .weights = {}});
    attention_backward(context, plan_,
                       {.q = part(projected_, 0),
                        .k = part(projected_, 1),
                        .v = part(projected_, 2),
                        .terms = {},
                        .out = out_,
                        .log_sum_exp = log_sum_exp_,
                        .dout = dout_,
                        .dq = part(gradients_, 0),
                        .dk = part(gradients_, 1),
                        .dv = part(gradients_, 2),
                        .dterms = {}});
  }

  // Multiplications and additions of the seven products, of the pairs that the mask leaves.
  double operations() const {
    const double length = offsets_[1];
    const double pairs = plan_.causal ? length * (length + 1) / 2 : length * length;
    return 14 * pairs * static_cast<double>(offsets_.size() - 1) * static_cast<double>(width_);
  }

 private:
  Tensor part(const Tensor& x, int index) const {
    return x.columns(index * width_, (index + 1) * width_);
  }

  const std::int64_t width_;
  std::vector<std::int32_t> offsets_;
  Tensor projected_, gradients_, out_, dout_, log_sum_exp_;
  AttentionPlan plan_;
};

double least_seconds(const SelfAttention& attention, int repeats) {
  attention.run();
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    attention.run();
    const auto end = std::chrono::steady_clock::now();
    least = std::min(least, std::chrono::duration<double>(end - begin).count());
  }
  return least;
}

void measure(const Options& options) {
  register_cpu_backend();
  set_thread_count(options.threads);
  for (const int length : options.lengths) {
    for (const bool causal : {false, true}) {
      const SelfAttention attention(
          length, options.heads, causal,
          options.precision == "bf16" ? MatmulPrecision::bfloat16 : MatmulPrecision::float32);
      const Json json = {{"program", "heed"},
                         {"kind", "attention"},
                         {"precision", options.precision},
                         {"length", length},
                         {"causal", causal},
                         {"heads", options.heads},
                         {"threads", options.threads},
                         {"operations", attention.operations()},
                         {"seconds", least_seconds(attention, options.repeats)}};
      std::printf("%s\n", json.dump().c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times attention by length");
  Options options;
  app.add_option("--lengths", options.lengths)->check(CLI::Range(1, 1 << 20));
  app.add_option("--heads", options.heads)->check(CLI::PositiveNumber);
  app.add_option("--repeats", options.repeats)->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_option("--precision", options.precision)->check(CLI::IsMember({"float32", "bf16"}));
  CLI11_PARSE(app, argc, argv);
  try {
    measure(options);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "heed_attention_speed: %s\n", error.what());
    return exit_code(error.kind());
  }
}
