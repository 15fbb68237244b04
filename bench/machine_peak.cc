// The best that this machine gives: oneDNN matrix products in float32, bfloat16 and int8, and
// memory bandwidth. What programs reach is measured against this. Prints one JSON object.
#include <omp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <oneapi/dnnl/dnnl.hpp>
#include <thread>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/json.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct Product {
  std::int64_t rows, inner, columns;
  double operations() const {
    return 2.0 * static_cast<double>(rows) * static_cast<double>(inner) *
           static_cast<double>(columns);
  }
};

// Squares, and what a Transformer of width 512 multiplies.
constexpr Product products[] = {{1024, 1024, 1024}, {2048, 2048, 2048}, {4096, 512, 2048},
                                {4096, 2048, 512},  {4096, 512, 1536},  {4096, 512, 8000}};

using DataType = dnnl::memory::data_type;

struct Types {
  DataType x, weight, y;
};
constexpr Types float32 = {DataType::f32, DataType::f32, DataType::f32};
constexpr Types bf16 = {DataType::bf16, DataType::bf16, DataType::bf16};
constexpr Types int8 = {DataType::u8, DataType::s8, DataType::s32};

// x·W with a weight in the layout that oneDNN likes best.
class Matmul {
 public:
  Matmul(const Product& product, const Types& types)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    using Descriptor = dnnl::memory::desc;
    using Tag = dnnl::memory::format_tag;
    const Descriptor x({product.rows, product.inner}, types.x, Tag::ab);
    const Descriptor weight({product.inner, product.columns}, types.weight, Tag::any);
    const Descriptor y({product.rows, product.columns}, types.y, Tag::ab);
    const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(x, weight, y), engine_);
    matmul_ = dnnl::matmul(description);
    arguments_ = {{DNNL_ARG_SRC, filled(x)},
                  {DNNL_ARG_WEIGHTS, filled(description.weights_desc())},
                  {DNNL_ARG_DST, filled(y)}};
  }

  void run() {
    matmul_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  // Half ones in either type of floats (0.5 in bfloat16 twice is a float32 near 0.5), 0 and 63 in
  // int8.
  dnnl::memory filled(const dnnl::memory::desc& description) {
    dnnl::memory memory(description, engine_);
    auto* data = static_cast<std::uint32_t*>(memory.get_data_handle());
    std::fill_n(data, description.get_size() / sizeof(std::uint32_t), 0x3F003F00u);
    return memory;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul matmul_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

// Operations per second over `seconds`, the best of four parts of it.
template <typename Run>
double best_rate(double operations, double seconds, Run&& run) {
  run();
  double best = 0;
  for (int part = 0; part < 4; ++part) {
    const auto begin = Clock::now();
    int count = 0;
    do {
      run();
      ++count;
    } while (seconds_since(begin) < seconds / 4);
    best = std::max(best, count * operations / seconds_since(begin));
  }
  return best;
}

// One product on all threads.
double rate_of_one(const Product& product, const Types& types, int threads, double seconds) {
  omp_set_num_threads(threads);
  Matmul matmul(product, types);
  return best_rate(product.operations(), seconds, [&] { matmul.run(); });
}

// A product of its own for each thread, started together.
double rate_of_each(const Product& product, const Types& types, int threads, double seconds) {
  std::vector<double> rates(static_cast<std::size_t>(threads));
  std::barrier together(threads);
  std::vector<std::thread> workers;
  for (double& rate : rates) {
    workers.emplace_back([&] {
      omp_set_num_threads(1);
      Matmul matmul(product, types);
      together.arrive_and_wait();
      rate = best_rate(product.operations(), seconds, [&] { matmul.run(); });
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  double sum = 0;
  for (const double rate : rates) {
    sum += rate;
  }
  return sum;
}

double best_gigaops(const Types& types, int threads, double seconds) {
  double best = 0;
  for (const Product& product : products) {
    best = std::max({best, rate_of_one(product, types, threads, seconds),
                     rate_of_each(product, types, threads, seconds)});
  }
  return best * 1e-9;
}

// a = b + s·c over arrays far larger than any cache; counts the 12 bytes an element that the loop
// names.
double triad_gigabytes(int threads, double seconds) {
  constexpr std::ptrdiff_t size = std::ptrdiff_t{1} << 26;
  const std::unique_ptr<float[]> a(new float[size]), b(new float[size]), c(new float[size]);
  omp_set_num_threads(threads);
#pragma omp parallel for
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    a[i] = 0;
    b[i] = 1;
    c[i] = 2;
  }
  return 1e-9 * best_rate(12.0 * size, seconds, [&] {
#pragma omp parallel for simd
           for (std::ptrdiff_t i = 0; i < size; ++i) {
             a[i] = b[i] + 3.0f * c[i];
           }
         });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures what this machine gives at best");
  int threads = 2;
  double seconds = 0.4;
  app.add_option("--threads", threads)->check(CLI::PositiveNumber);
  app.add_option("--seconds", seconds, "For each measurement")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    heed::Json json;
    json["program"] = "oneDNN";
    json["kind"] = "machine_peak";
    json["threads"] = threads;
    json["float32_gigaops"] = best_gigaops(float32, threads, seconds);
    json["bf16_gigaops"] = best_gigaops(bf16, threads, seconds);
    json["int8_gigaops"] = best_gigaops(int8, threads, seconds);
    json["memory_gigabytes_per_second"] = triad_gigabytes(threads, seconds);
    std::printf("%s\n", json.dump().c_str());
    return 0;
  } catch (const dnnl::error& error) {
    std::fprintf(stderr, "heed_machine_peak: oneDNN: %s\n", error.what());
    return 1;
  }
}
