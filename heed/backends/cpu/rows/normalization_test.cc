#include "heed/kernels/normalization.h"

#include <gtest/gtest.h>

#include <limits>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"

namespace heed::cpu {
namespace {

struct NormalizationSize {
  std::int64_t rows, columns, gap;
};
constexpr NormalizationSize normalizationSizes[] = {{0, 5, 0},     {1, 1, 0},   {2, 17, 3},
                                                    {7, 64, 0},    {65, 33, 1}, {3, 129, 7},
                                                    {129, 512, 0}, {3, 1009, 2}};

class Normalization : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_normalization();
    reference::register_normalization();
  }
};

TEST_F(Normalization, ForwardMatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    for (const NormalizationSize& size : normalizationSizes) {
      for (const double rate : {0.0, 0.3}) {
        SCOPED_TRACE(testing::Message() << size.rows << " x " << size.columns << ", " << rate);
        const Tensor x = random_rows(size.rows, size.columns, 1, size.gap);
        const Tensor branch = random_rows(size.rows, size.columns, 2);
        const Tensor gain = random_rows(1, size.columns, 3);
        const Tensor bias = random_rows(1, size.columns, 4);
        const auto run = [&](ExecutionContext& on, auto&& convert, DType dtype) {
          const Tensor in = convert(x);
          const Tensor added = convert(branch);
          const Tensor gains = convert(gain);
          const Tensor biases = convert(bias);
          const std::vector<Tensor> results = {Tensor::empty(x.shape(), dtype, on.device),
                                               Tensor::empty(x.shape(), dtype, on.device),
                                               Tensor::empty({size.rows}, dtype, on.device),
                                               Tensor::empty({size.rows}, dtype, on.device)};
          residual_norm_forward(
              on, {.x = in,
                   .branch = added,
                   .gain = gains,
                   .bias = biases,
                   .sum = results[0],
                   .y = results[1],
                   .mean = results[2],
                   .rstd = results[3],
                   .epsilon = 1e-5f,
                   .dropout = {.rate = static_cast<float>(rate), .key = 11, .site = 3}});
          return results;
        };
        ExecutionContext plain = reference_context();
        const auto expected = run(plain, wide, DType::float64);
        const auto got = run(
            context, [](const Tensor& t) { return t; }, DType::float32);
        expect_close(got[0], expected[0], 3e-7, 2);
        // Two elements may be nearly equal, and their rounding errors are divided by the spread.
        expect_close(got[1], expected[1], 1e-5, 1);
        expect_close(got[2], expected[2], 3e-7, 2);
        expect_close(got[3], expected[3], 2e-5, 1);
      }
    }
  });
}

TEST_F(Normalization, SumInPlaceAndSumAlone) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = random_rows(5, 40, 1);
  const Tensor branch = random_rows(5, 40, 2);
  const Tensor gain = random_rows(1, 40, 3);
  const Tensor expected = Tensor::empty({5, 40});
  residual_norm_forward(context, {.x = x, .branch = branch, .sum = expected});
  for (std::size_t i = 0; i < 200; ++i) {
    ASSERT_EQ(expected.values<float>()[i], x.values<float>()[i] + branch.values<float>()[i]);
  }
  residual_norm_forward(context, {.x = x, .branch = branch, .sum = branch});
  expect_close(branch, expected, 0);
  // Without a branch or a place for the sum, x itself is normalised.
  const Tensor y1 = Tensor::empty({5, 40});
  const Tensor y2 = Tensor::empty({5, 40});
  const Tensor mean = Tensor::empty({5});
  const Tensor rstd = Tensor::empty({5});
  residual_norm_forward(context,
                        {.x = x, .gain = gain, .bias = gain, .y = y1, .mean = mean, .rstd = rstd});
  residual_norm_forward(context, {.x = x,
                                  .branch = Tensor::zeros({5, 40}),
                                  .gain = gain,
                                  .bias = gain,
                                  .sum = x,
                                  .y = y2,
                                  .mean = mean,
                                  .rstd = rstd});
  expect_close(y1, y2, 0);
}

std::vector<Tensor> backward(ExecutionContext& on, const NormalizationSize& size, DType dtype,
                             double rate, bool accumulate, bool in_place) {
  const auto& [rows, columns, gap] = size;
  const auto make = [&](std::int64_t height, std::uint64_t seed, std::int64_t between) {
    return copy_of(random_rows(height, columns, seed, between), dtype);
  };
  const Tensor sum = make(rows, 1, gap);
  const Tensor dy = make(rows, 2, gap);
  const Tensor gain = make(1, 3, 0);
  const Tensor mean = copy_of(random_rows(1, rows, 4), dtype);
  const Tensor rstd = copy_of(random_rows(1, rows, 5), dtype);
  const Tensor dsum = in_place ? dy : make(rows, 6, gap);
  const Tensor dbranch = make(rows, 7, 0);
  const Tensor dgain = make(1, 8, 0);
  const Tensor dbias = make(1, 9, 0);
  residual_norm_backward(on, {.sum = sum,
                              .gain = gain,
                              .mean = mean,
                              .rstd = rstd,
                              .dy = dy,
                              .dsum = dsum,
                              .dbranch = dbranch,
                              .dgain = dgain,
                              .dbias = dbias,
                              .accumulate_x = accumulate,
                              .dropout = {.rate = static_cast<float>(rate), .key = 3, .site = 9}});
  return {dsum, dbranch, dgain, dbias};
}

TEST_F(Normalization, BackwardMatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const NormalizationSize& size : normalizationSizes) {
      for (const double rate : {0.0, 0.3}) {
        for (const bool accumulate : {false, true}) {
          SCOPED_TRACE(testing::Message() << size.rows << " x " << size.columns << ", " << rate);
          const bool in_place = !accumulate && rate > 0;
          const auto expected = backward(plain, size, DType::float64, rate, accumulate, in_place);
          const auto got = backward(context, size, DType::float32, rate, accumulate, in_place);
          expect_close(got[0], expected[0], 1e-6, 8);
          expect_close(got[1], expected[1], 1e-6, 8);
          expect_close(got[2], expected[2], 1e-6,
                       2 * std::sqrt(static_cast<double>(size.rows)) + 2);
          expect_close(got[3], expected[3], 1e-6, std::sqrt(static_cast<double>(size.rows)) + 1);
        }
      }
    }
  });
}

TEST_F(Normalization, RootMeanSquareMatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const auto& [rows, columns, gap] : normalizationSizes) {
      const Tensor x = random_rows(rows, columns, 1, gap);
      const Tensor gain = random_rows(1, columns, 2);
      const Tensor dy = random_rows(rows, columns, 3, gap);
      const Tensor y = Tensor::empty(x.shape());
      const Tensor rstd = Tensor::empty({rows});
      const Tensor dx = Tensor::empty(x.shape());
      const Tensor dgain = random_rows(1, columns, 4);
      const Tensor y_wide = wide(y), rstd_wide = wide(rstd), dx_wide = wide(dx);
      const Tensor dgain_wide = wide(dgain);
      rms_norm_forward(plain, wide(x), wide(gain), 1e-6f, y_wide, rstd_wide);
      rms_norm_backward(plain, wide(x), wide(gain), rstd_wide, wide(dy), dx_wide, dgain_wide);
      rms_norm_forward(context, x, gain, 1e-6f, y, rstd);
      rms_norm_backward(context, x, gain, rstd, dy, dx, dgain);
      expect_close(y, y_wide, 1e-6, 1);
      expect_close(rstd, rstd_wide, 1e-6, 0.1);
      expect_close(dx, dx_wide, 1e-6, 10);
      expect_close(dgain, dgain_wide, 1e-6, std::sqrt(static_cast<double>(rows)) + 1);
    }
  });
}

TEST_F(Normalization, NotANumberFillsItsRowOnly) {
  for_each_target([](ExecutionContext& context) {
    const Tensor x = random_rows(3, 37, 1);
    x.values<float>()[37 + 36] = std::numeric_limits<float>::quiet_NaN();
    const Tensor gain = random_rows(1, 37, 2);
    const Tensor y = Tensor::empty({3, 37});
    const Tensor mean = Tensor::empty({3});
    const Tensor rstd = Tensor::empty({3});
    residual_norm_forward(context,
                          {.x = x, .gain = gain, .bias = gain, .y = y, .mean = mean, .rstd = rstd});
    for (std::size_t i = 0; i < 3 * 37; ++i) {
      ASSERT_EQ(std::isnan(y.values<float>()[i]), i / 37 == 1);
    }
  });
}

TEST_F(Normalization, SameBitsAtAnyNumberOfThreads) {
  expect_same_bits([](ExecutionContext& context) {
    return backward(context, {1001, 130, 0}, DType::float32, 0.1, false, false);
  });
}

TEST_F(Normalization, RefusesWrongShapes) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = random_rows(3, 4, 1);
  EXPECT_THROW(residual_norm_forward(context, {.x = x, .branch = x}), Error);
  EXPECT_THROW(residual_norm_forward(context, {.x = x, .branch = random_rows(3, 5, 1), .sum = x}),
               Error);
  EXPECT_THROW(residual_norm_forward(context, {.x = x, .gain = x, .bias = x, .y = x}), Error);
}

}  // namespace
}  // namespace heed::cpu
