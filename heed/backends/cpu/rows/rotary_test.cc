// Rotations against the reference at odd sizes, in place, and back.
#include "heed/kernels/rotary.h"

#include "heed/backends/cpu/register.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/register.h"

namespace heed {
namespace {

class CpuRotary : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_cpu_backend();
    register_reference_backend();
  }
};

struct Case {
  std::int64_t rows;
  int heads;
  std::int64_t size, pairs, gap;
};
constexpr Case cases[] = {{0, 2, 8, 4, 0},    {1, 1, 2, 1, 0},     {7, 3, 10, 5, 3},
                          {33, 8, 64, 32, 0}, {129, 5, 34, 17, 7}, {40, 4, 48, 10, 1},
                          {9, 2, 21, 10, 2},  {700, 2, 130, 64, 0}};
constexpr RotaryLayout layouts[] = {RotaryLayout::interleaved, RotaryLayout::halves};

TEST_F(CpuRotary, EqualsTheReference) {
  constexpr std::int64_t positions = 50;
  for (const Case& c : cases) {
    const std::int64_t columns = c.heads * c.size;
    const Tensor x = cpu::random_rows(c.rows, columns, 1, c.gap);
    const Tensor cosines = cpu::random_rows(positions, c.pairs, 2, 1);
    const Tensor sines = cpu::random_rows(positions, c.pairs, 3);
    const Tensor ids = cpu::random_ids(c.rows, positions, 4);
    for (const RotaryLayout layout : layouts) {
      for (const bool inverse : {false, true}) {
        const Tensor expected = Tensor::empty({c.rows, columns}, DType::float64, reference_device);
        auto context = cpu::reference_context();
        rotate(context, {.x = cpu::wide(x),
                         .positions = cpu::seen_by(context, ids),
                         .cosines = cpu::wide(cosines),
                         .sines = cpu::wide(sines),
                         .heads = c.heads,
                         .layout = layout,
                         .inverse = inverse,
                         .y = expected});
        cpu::for_each_target([&](ExecutionContext& on) {
          for (const bool in_place : {false, true}) {
            const Tensor from = in_place ? cpu::copy_of(x) : x;
            const Tensor y = in_place ? from : Tensor::empty({c.rows, columns});
            rotate(on, {.x = from,
                        .positions = ids,
                        .cosines = cosines,
                        .sines = sines,
                        .heads = c.heads,
                        .layout = layout,
                        .inverse = inverse,
                        .y = y});
            expect_close(y, expected, 3e-7, 4);
          }
        });
      }
    }
  }
}

TEST_F(CpuRotary, GivesTheSameBitsOnAnyNumberOfThreads) {
  const Tensor x = cpu::random_rows(900, 96, 1);
  const Tensor table = cpu::random_rows(20, 16, 2);
  const Tensor ids = cpu::random_ids(900, 20, 4);
  cpu::expect_same_bits([&](ExecutionContext& context) {
    const Tensor y = Tensor::empty({900, 96});
    rotate(context,
           {.x = x, .positions = ids, .cosines = table, .sines = table, .heads = 3, .y = y});
    return std::vector<Tensor>{y};
  });
}

TEST_F(CpuRotary, RefusesOperandsThatDoNotFit) {
  const Tensor x = cpu::random_rows(3, 12, 1);
  const Tensor table = cpu::random_rows(5, 3, 2);
  const auto refused = [&](int heads, const Tensor& sines, std::int32_t position) {
    const Tensor ids = Tensor::from_values<std::int32_t>({0, position, 1}, {3});
    ExecutionContext context{cpu_device, nullptr};
    EXPECT_THROW(rotate(context, {.x = x,
                                  .positions = ids,
                                  .cosines = table,
                                  .sines = sines,
                                  .heads = heads,
                                  .y = Tensor::empty({3, 12})}),
                 Error);
  };
  refused(5, table, 0);                      // 12 columns are not five heads
  refused(3, table, 0);                      // heads of 4 have no three pairs
  refused(2, cpu::random_rows(5, 2, 1), 0);  // fewer sines than cosines
  refused(2, table, 5);                      // no such position
  refused(2, table, -1);
}

}  // namespace
}  // namespace heed
