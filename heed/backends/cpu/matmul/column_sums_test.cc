#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/kernels/matmul.h"

namespace heed::cpu {
namespace {

class ColumnSums : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_matmul(); }
};

TEST_F(ColumnSums, AreExactAndTheSameAtAnyNumberOfThreads) {
  for (const auto& [rows, columns] :
       {std::pair{0, 5}, {1, 1}, {7, 17}, {128, 64}, {1000, 33}, {5000, 512}, {3, 0}}) {
    for (const bool accumulate : {false, true}) {
      SCOPED_TRACE(testing::Message() << rows << " x " << columns);
      const Tensor x = random_rows(rows, columns, 1, 7, 0.6);
      const Tensor before = random_rows(1, columns, 2).reshape({columns});
      for (std::int64_t row = 0; row < rows; ++row) {  // all of one sign: nothing cancels
        for (std::int64_t column = 0; column < columns; ++column) {
          float& value = x.view().as<float>()[row * x.view().row_stride() + column];
          value = std::abs(value);
        }
      }
      std::vector<double> exact =
          accumulate ? before.to_doubles() : std::vector<double>(static_cast<std::size_t>(columns));
      const std::vector<double> values = x.to_doubles();
      for (std::size_t i = 0; i < values.size(); ++i) {
        exact[i % static_cast<std::size_t>(columns)] += values[i];
      }
      expect_same_bits([&](ExecutionContext& context) {
        const Tensor sums = before.clone();
        if (!accumulate) {
          sums.fill(not_a_number);
        }
        column_sums(context, x, accumulate, sums);
        const std::vector<double> got = sums.to_doubles();
        for (std::size_t j = 0; j < got.size(); ++j) {
          EXPECT_NEAR(got[j], exact[j], 1e-6 * (rows + 1));
        }
        return std::vector<Tensor>{sums};
      });
    }
  }
}

TEST_F(ColumnSums, ShowNotANumberInItsColumn) {
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  const Tensor x = random_rows(300, 20, 1);
  x.values<float>()[205 * 20 + 7] = not_a_number;
  const Tensor sums = Tensor::empty({20});
  column_sums(context, x, false, sums);
  for (std::size_t j = 0; j < 20; ++j) {
    EXPECT_EQ(std::isnan(sums.values<float>()[j]), j == 7);
  }
}

}  // namespace
}  // namespace heed::cpu
