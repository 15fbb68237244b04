// Weights that stay packed from product to product.
#include "heed/backends/cpu/matmul/weights.h"

#include <thread>
#include <tuple>

#include "heed/backends/cpu/matmul/test_matmul.h"
#include "heed/backends/cpu/matmul/tile.h"

namespace heed {
namespace {

class PackedWeights : public MatmulTest {};

TEST_F(PackedWeights, FollowTheirStamp) {
  ExecutionContext two = context(2);
  const Tensor a = matrix(20, 48);
  const Tensor b = matrix(96, 48);
  const Tensor c = Tensor::empty({20, 96});
  const MatmulOptions options{.transpose_b = true};
  b.renew_stamp();
  const auto start = cpu::packed_weight_statistics();
  matmul(two, a, b, c, options);
  matmul(two, a.rows(0, 3), b, c.rows(0, 3), options);
  EXPECT_EQ(cpu::packed_weight_statistics().misses, start.misses + 1);
  EXPECT_EQ(cpu::packed_weight_statistics().hits, start.hits + 1);

  const auto kept = cpu::packed_weight_statistics();
  b.fill(0.5);
  b.renew_stamp();
  matmul(two, a, b, c, options);
  expect_product(a, b, c, c, options, {}, mixed_signs, "after new weights");
  EXPECT_EQ(cpu::packed_weight_statistics().misses, kept.misses + 1);
  EXPECT_EQ(cpu::packed_weight_statistics().bytes, kept.bytes);
  EXPECT_EQ(cpu::packed_weight_statistics().entries, kept.entries);

  // Without a stamp nothing is kept.
  const Tensor passing = matrix(96, 48);
  matmul(two, a, passing, c, options);
  passing.fill(2);
  matmul(two, a, passing, c, options);
  expect_product(a, passing, c, c, options, {}, mixed_signs, "without a stamp");
  EXPECT_EQ(cpu::packed_weight_statistics().misses, kept.misses + 1);
}

// How `b` is packed depends on how `a` lies: the copies are told apart.
TEST_F(PackedWeights, ServeDenseAndStridedOperands) {
  ExecutionContext two = context(2);
  const Tensor wide = matrix(10, 4160);
  const Tensor b = matrix(4096, 70);
  b.renew_stamp();
  const Tensor strided = wide.columns(0, 4096);
  const Tensor dense = strided.clone();
  const Tensor c = Tensor::empty({10, 70});
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    for (const Tensor& a : {dense, strided, dense}) {
      matmul(two, a, b, c, {.precision = precision});
      expect_product(a, b, c, c, {.precision = precision}, {}, mixed_signs, "4096 deep");
    }
  }
}

TEST_F(PackedWeights, SeveralCallersAtOnce) {
  const Tensor a = matrix(150, 300);
  const Tensor b = matrix(300, 200);
  b.renew_stamp();
  const Tensor expected = Tensor::empty({150, 200});
  ExecutionContext one = context(1);
  matmul(one, a, b, expected, {});
  std::vector<std::thread> callers;
  std::vector<int> wrong(6, 0);
  for (std::size_t caller = 0; caller < wrong.size(); ++caller) {
    callers.emplace_back([&, caller] {
      ThreadPool pool(2);
      ExecutionContext own{cpu_device, &pool};
      for (int i = 0; i < 20; ++i) {
        const Tensor c = Tensor::empty({150, 200});
        matmul(own, a, b, c, {});
        wrong[caller] += same_bits(c, expected) ? 0 : 1;
      }
    });
  }
  for (auto& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(wrong, std::vector<int>(6, 0));
}

// A weight that is kept in bfloat16 is packed from there, and gives the bits of one in float32 that
// is rounded on the way.
TEST_F(PackedWeights, MayBeStoredInBFloat16) {
  ExecutionContext two = context(2);
  for (const auto& [m, n, k] :
       {std::tuple{1, 1, 1}, {3, 70, 33}, {20, 96, 48}, {130, 200, 517}, {5, 64, 5000}}) {
    SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k);
    for (const bool transpose_b : {true, false}) {
      const Tensor a = matrix(m, k, true);
      const Tensor b = transpose_b ? matrix(n, k, true) : matrix(k, n, true);
      const Tensor rounded = b.to(DType::bfloat16);
      const Tensor bias = matrix(1, n).reshape({n});
      b.renew_stamp();
      rounded.renew_stamp();
      const MatmulOptions options{
          .transpose_b = transpose_b, .precision = MatmulPrecision::bfloat16, .bias = bias};
      const Tensor expected = Tensor::empty({m, n}), c = Tensor::empty({m, n});
      matmul(two, a, b, expected, options);
      const auto start = cpu::packed_weight_statistics();
      for (int again = 0; again < 3; ++again) {
        c.fill(not_a_number);
        matmul(two, a, rounded, c, options);
        EXPECT_TRUE(same_bits(c, expected));
      }
      EXPECT_EQ(cpu::packed_weight_statistics().misses, start.misses + 1);
      EXPECT_EQ(cpu::packed_weight_statistics().hits, start.hits + 2);
      rounded.fill(0.5);
      rounded.renew_stamp();
      b.fill(0.5);
      b.renew_stamp();
      matmul(two, a, b, expected, options);
      matmul(two, a, rounded, c, options);
      EXPECT_TRUE(same_bits(c, expected)) << "after new weights";
    }
  }
  const Tensor a = matrix(2, 8), c = Tensor::empty({2, 3});
  const Tensor rounded = matrix(3, 8).to(DType::bfloat16);
  rounded.renew_stamp();
  for (const MatmulPrecision precision : {MatmulPrecision::float32, MatmulPrecision::int8}) {
    EXPECT_THROW(matmul(two, a, rounded, c, {.transpose_b = true, .precision = precision}), Error);
  }
}

}  // namespace
}  // namespace heed
