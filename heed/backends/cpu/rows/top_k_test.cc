#include "heed/kernels/top_k.h"

#include <gtest/gtest.h>

#include <limits>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"

namespace heed::cpu {
namespace {

struct Top {
  Tensor columns, log_probabilities;
};

Top top_of(ExecutionContext& context, const Tensor& x, std::int64_t k) {
  const Top top{Tensor::zeros({x.size(0), k}, DType::int32),
                Tensor::zeros({x.size(0), k}, DType::float64)};
  top_log_probabilities(context, {seen_by(context, x), k, seen_by<View>(context, top.columns),
                                  seen_by<View>(context, top.log_probabilities)});
  return top;
}

std::vector<std::int32_t> ids(const Top& top) {
  const auto values = top.columns.values<std::int32_t>();
  return {values.begin(), values.end()};
}

class TopK : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_top_k();
    reference::register_top_k();
  }
};

TEST_F(TopK, MatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    const struct {
      std::int64_t rows, columns, gap, k;
    } sizes[] = {{0, 5, 0, 2},    {1, 1, 0, 1},     {3, 7, 2, 7},     {2, 64, 0, 3},
                 {4, 65, 1, 1},   {5, 129, 3, 5},   {3, 640, 0, 10},  {3, 641, 0, 10},
                 {7, 1999, 4, 1}, {9, 8000, 5, 12}, {2, 8000, 0, 300}};
    for (const auto& [rows, columns, gap, k] : sizes) {
      const Tensor x = random_rows(rows, columns, 1, gap, 4);
      const Top expected = top_of(plain, wide(x), k);
      const Top got = top_of(context, x, k);
      EXPECT_EQ(ids(got), ids(expected)) << rows << " x " << columns << ", " << k;
      expect_close(got.log_probabilities, expected.log_probabilities, 1e-6);
    }
  });
}

TEST_F(TopK, OfEqualElementsTheFirstComesFirst) {
  for_each_target([](ExecutionContext& context) {
    const Tensor x = Tensor::zeros({2, 1000});
    auto values = x.values<float>();
    for (const std::size_t place : {900, 77, 500}) {
      values[1000 + place] = 3;
    }
    EXPECT_EQ(ids(top_of(context, x, 4)), (std::vector<std::int32_t>{0, 1, 2, 3, 77, 500, 900, 0}));
  });
}

TEST_F(TopK, ImpossibleElementsComeLast) {
  for_each_target([](ExecutionContext& context) {
    const Tensor x = Tensor::empty({1, 700});
    x.fill(-infinity);
    x.values<float>()[650] = 1;
    x.values<float>()[3] = 1;
    const Top top = top_of(context, x, 3);
    EXPECT_EQ(ids(top), (std::vector<std::int32_t>{3, 650, 0}));
    const auto values = top.log_probabilities.values<double>();
    EXPECT_NEAR(values[1], -std::log(2.0), 1e-7);
    EXPECT_EQ(values[2], -infinity);
  });
}

// Both backends say so: NaN and +inf anywhere in the row, and nothing but -inf.
TEST_F(TopK, RowsThatAreNoDistributionShow) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const float other : {0.0f, -infinity}) {
      for (const float bad : {not_a_number, infinity, -infinity}) {
        for (const std::size_t place : {0, 63, 64, 199}) {
          const Tensor x = Tensor::empty({2, 200});
          x.fill(other);
          x.values<float>()[place] = bad;
          x.values<float>()[300] = 2;
          expect_close(top_of(context, x, 2).log_probabilities,
                       top_of(plain, x, 2).log_probabilities, 1e-6);
          const double first = top_of(context, x, 2).log_probabilities.values<double>()[0];
          EXPECT_EQ(std::isnan(first), bad != -infinity);
          EXPECT_EQ(std::isinf(first), bad == -infinity && other == -infinity);
        }
      }
    }
  });
}

TEST_F(TopK, ThreadsDoNotShow) {
  const Tensor x = random_rows(50, 3001, 3);
  expect_same_bits([&](ExecutionContext& context) {
    const Top top = top_of(context, x, 9);
    return std::vector<Tensor>{top.log_probabilities};
  });
}

TEST_F(TopK, RefusesToTakeMoreThanThereIs) {
  ThreadPool pool(1);
  ExecutionContext context{cpu_device, &pool};
  EXPECT_THROW(top_of(context, Tensor::zeros({1, 3}), 4), Error);
  EXPECT_THROW(top_of(context, Tensor::zeros({1, 3}), 0), Error);
}

}  // namespace
}  // namespace heed::cpu
