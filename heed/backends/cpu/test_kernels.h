// For tests of this folder: random operands, copies for the reference backend in float64, and the
// same work at several numbers of threads and for every instruction set.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <vector>

#include "heed/backends/cpu/simd/targets.h"
#include "heed/base/random.h"
#include "heed/kernels/kernel.h"
#include "heed/tensor/tensor.h"
#include "heed/tensor/test_close.h"
#include "hwy/targets.h"

namespace heed::cpu {

inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// Rows of normal numbers; `gap` more elements lie between one row and the next.
inline Tensor random_rows(std::int64_t rows, std::int64_t columns, std::uint64_t seed,
                          std::int64_t gap = 0, double spread = 1) {
  Tensor whole = Tensor::empty({rows, columns + gap});
  Random random(seed);
  for (float& value : whole.values<float>()) {
    value = static_cast<float>(spread * random.normal());
  }
  return gap == 0 ? whole : whole.columns(0, columns);
}

// Where a type computes.
inline Device device_of(DType dtype) {
  return dtype == DType::float64 ? reference_device : cpu_device;
}

// A copy with the same gaps between rows, of another type if asked.
inline Tensor copy_of(const Tensor& x, DType dtype = DType::float32) {
  const std::int64_t gap = x.view().row_stride() - x.view().columns();
  Tensor copy = Tensor::zeros({x.view().rows(), x.view().columns() + gap}, dtype, device_of(dtype));
  copy = gap == 0 ? copy : copy.columns(0, x.view().columns());
  copy = x.rank() == 1 ? copy.reshape(x.shape()) : copy;
  copy.copy_from(x);
  return copy;
}
// For the reference backend.
inline Tensor wide(const Tensor& x) {
  return x.defined() ? copy_of(x, DType::float64) : x;
}

// Where both compute on host memory: the view of a tensor as one of the context's own.
template <typename V = ConstView>
V seen_by(const ExecutionContext& context, const Tensor& x) {
  V view = x.view();
  view.device = context.device;
  return view;
}

inline Tensor random_ids(std::int64_t rows, std::int64_t bound, std::uint64_t seed) {
  Tensor ids = Tensor::empty({rows}, DType::int32);
  Random random(seed);
  for (std::int32_t& id : ids.values<std::int32_t>()) {
    id = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(bound)));
  }
  return ids;
}

inline ExecutionContext reference_context() {
  return {reference_device, nullptr};
}

// Runs body(context) for each instruction set that this machine has.
template <typename Body>
void for_each_target(Body&& body) {
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::GetChosenTarget().Update(target);
    SCOPED_TRACE(hwy::TargetName(target));
    body(context);
  }
  hwy::GetChosenTarget().DeInit();
}

// body(context) returns its results; they must have the same bits at any number of threads.
template <typename Body>
void expect_same_bits(Body&& body) {
  std::vector<std::vector<double>> first;
  for (const int threads : {1, 2, 3, 32}) {
    ThreadPool pool(threads);
    ExecutionContext context{cpu_device, &pool};
    std::vector<std::vector<double>> results;
    for (const Tensor& result : body(context)) {
      results.push_back(result.to_doubles());
    }
    if (first.empty()) {
      first = results;
    }
    ASSERT_EQ(results.size(), first.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      ASSERT_EQ(results[i].size(), first[i].size());
      const std::size_t bytes = results[i].size() * sizeof(double);
      ASSERT_TRUE(bytes == 0 || std::memcmp(results[i].data(), first[i].data(), bytes) == 0)
          << "result " << i << " at " << threads << " threads";
    }
  }
}

}  // namespace heed::cpu
