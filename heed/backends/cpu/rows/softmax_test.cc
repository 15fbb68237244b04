#include "heed/kernels/softmax.h"

#include <gtest/gtest.h>

#include <limits>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"

namespace heed::cpu {
namespace {

struct SoftmaxSize {
  std::int64_t rows, columns, gap;
};
constexpr SoftmaxSize softmaxSizes[] = {{0, 5, 0},  {1, 1, 0},   {2, 17, 3},  {7, 16, 0},
                                        {5, 31, 1}, {3, 129, 7}, {4, 256, 0}, {9, 8000, 5}};

class Softmax : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_softmax();
    reference::register_softmax();
  }
};

TEST_F(Softmax, MatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const auto& [rows, columns, gap] : softmaxSizes) {
      const Tensor x = random_rows(rows, columns, 1, gap, 5);
      const Tensor dy = random_rows(rows, columns, 2, gap);
      const Tensor y = copy_of(x);
      const Tensor logs = copy_of(x);
      const Tensor dx = Tensor::empty(x.shape());
      const Tensor y_wide = wide(x), logs_wide = wide(x), dx_wide = wide(dx);
      softmax_forward(plain, y_wide, y_wide);
      log_softmax_forward(plain, wide(x), logs_wide);
      softmax_backward(plain, y_wide, wide(dy), dx_wide);
      softmax_forward(context, y, y);
      log_softmax_forward(context, x, logs);
      softmax_backward(context, y, dy, dx);
      expect_close(y, y_wide, 4e-6, 1e-30);  // x - max, up to 40, is rounded
      expect_close(logs, logs_wide, 3e-7, 1);
      expect_close(dx, dx_wide, 2e-6, 1);
    }
  });
}

TEST_F(Softmax, MaskedElementsAndMaskedRowsAreZero) {
  for_each_target([](ExecutionContext& context) {
    const Tensor x = Tensor::empty({2, 19});
    x.fill(-infinity);
    x.values<float>()[3] = 2;
    x.values<float>()[18] = 2;
    const Tensor y = Tensor::empty({2, 19});
    softmax_forward(context, x, y);
    for (std::size_t i = 0; i < 38; ++i) {
      ASSERT_EQ(y.values<float>()[i], i == 3 || i == 18 ? 0.5f : 0.0f);
    }
    log_softmax_forward(context, x, y);
    EXPECT_EQ(y.values<float>()[20], -infinity);
    EXPECT_EQ(y.values<float>()[0], -infinity);
    EXPECT_NEAR(y.values<float>()[3], -std::log(2.0), 1e-7);
  });
}

TEST_F(Softmax, NotANumberFillsItsRowOnly) {
  for_each_target([](ExecutionContext& context) {
    for (const float other : {0.0f, -infinity}) {
      for (const std::size_t place : {0, 15, 36}) {
        const Tensor x = Tensor::empty({2, 37});
        x.fill(other);
        x.values<float>()[place] = not_a_number;
        const Tensor y = Tensor::empty({2, 37});
        softmax_forward(context, x, y);
        for (std::size_t i = 0; i < 74; ++i) {
          ASSERT_EQ(std::isnan(y.values<float>()[i]), i < 37) << i << " beside " << other;
        }
      }
    }
  });
}

struct Loss {
  Tensor logits;
  CrossEntropySums sums;
};
Loss cross_entropy_of(ExecutionContext& on, const Tensor& x, const Tensor& targets, DType dtype,
                      float smoothing, bool want_gradient, const LogitMap& map = {}) {
  Loss loss{copy_of(x, dtype), {.loss = 1, .plain_loss = 2, .correct = 3, .count = 4}};
  cross_entropy(on,
                {.logits = loss.logits,
                 .targets = seen_by(on, targets),
                 .ignore_id = 0,
                 .smoothing = smoothing,
                 .want_gradient = want_gradient,
                 .gradient_scale = 0.25f,
                 .map = map},
                loss.sums);
  return loss;
}

TEST_F(Softmax, CrossEntropyMatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const auto& [rows, columns, gap] : softmaxSizes) {
      const Tensor x = random_rows(rows, columns, 1, gap, 3);
      const Tensor targets = random_ids(rows, columns, 2);
      for (const float smoothing : {0.0f, 0.1f}) {
        for (const bool gradient : {false, true}) {
          SCOPED_TRACE(testing::Message() << rows << " x " << columns << ", " << smoothing);
          const Loss expected =
              cross_entropy_of(plain, x, targets, DType::float64, smoothing, gradient);
          const Loss got =
              cross_entropy_of(context, x, targets, DType::float32, smoothing, gradient);
          const double scale = static_cast<double>(rows) * 10 + 1;
          EXPECT_NEAR(got.sums.loss, expected.sums.loss, 1e-7 * scale);
          EXPECT_NEAR(got.sums.plain_loss, expected.sums.plain_loss, 1e-7 * scale);
          EXPECT_EQ(got.sums.correct, expected.sums.correct);
          EXPECT_EQ(got.sums.count, expected.sums.count);
          expect_close(got.logits, expected.logits, 1e-6, gradient ? 0.01 : 1);
        }
      }
    }
  });
}

TEST_F(Softmax, MappedLogitsMatchTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const auto& [rows, columns, gap] : softmaxSizes) {
      for (const LogitMap map : {LogitMap{0.6f, 0}, LogitMap{1, 3}, LogitMap{1.5f, 4}}) {
        const Tensor x = random_rows(rows, columns, 1, gap, 3);
        const Tensor y = Tensor::empty({rows, columns});
        const Tensor y_wide = wide(y);
        map_logits(plain, wide(x), map, y_wide);
        map_logits(context, x, map, y);
        expect_close(y, y_wide, 1e-6, 1);
        const Tensor dy = random_rows(rows, columns, 4, gap);
        const Tensor dx = Tensor::empty({rows, columns}), dx_wide = wide(dx);
        map_logits_backward(plain, y_wide, wide(dy), map, dx_wide);
        map_logits_backward(context, y, dy, map, dx);
        expect_close(dx, dx_wide, 5e-6, 1);
        const Tensor targets = random_ids(rows, columns, 2);
        for (const bool gradient : {false, true}) {
          const Loss expected =
              cross_entropy_of(plain, x, targets, DType::float64, 0.1f, gradient, map);
          const Loss got =
              cross_entropy_of(context, x, targets, DType::float32, 0.1f, gradient, map);
          const double scale = static_cast<double>(rows) * 10 + 1;
          EXPECT_NEAR(got.sums.loss, expected.sums.loss, 5e-7 * scale);
          EXPECT_NEAR(got.sums.plain_loss, expected.sums.plain_loss, 5e-7 * scale);
          EXPECT_EQ(got.sums.count, expected.sums.count);
          if (gradient) {
            expect_close(got.logits, expected.logits, 3e-6, 0.1);
          }
        }
      }
    }
  });
}

TEST_F(Softmax, MappedLogitsShowNotANumber) {
  for_each_target([](ExecutionContext& context) {
    for (const LogitMap map : {LogitMap{2, 0}, LogitMap{1, 3}}) {
      const Tensor x = random_rows(2, 37, 1);
      x.values<float>()[20] = not_a_number;
      const Tensor y = Tensor::empty({2, 37});
      map_logits(context, x, map, y);
      EXPECT_TRUE(std::isnan(y.values<float>()[20]));
      const Tensor targets = Tensor::from_values<std::int32_t>({1, 2}, {2});
      const Loss loss = cross_entropy_of(context, x, targets, DType::float32, 0, true, map);
      EXPECT_TRUE(std::isnan(loss.sums.loss));
      EXPECT_TRUE(std::isnan(loss.logits.values<float>()[0]));
      EXPECT_FALSE(std::isnan(loss.logits.values<float>()[37]));
    }
    const Tensor x = random_rows(2, 37, 1);
    EXPECT_THROW(map_logits(context, x, {not_a_number, 0}, x), Error);
    EXPECT_THROW(map_logits(context, x, {1, -3}, x), Error);
  });
}

// Sequences of 0, 1 and many tokens.
TEST_F(Softmax, OverTheTokensOfSequences) {
  const std::vector<std::int32_t> offsets = {0, 17, 17, 18, 147, 151, 3000};
  for_each_target([&](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const std::int64_t columns : {0, 1, 2, 19}) {
      const Tensor x = random_rows(3000, columns, 1, 3, 3);
      const Tensor y = Tensor::empty({3000, columns});
      const Tensor y_wide = wide(y);
      sequence_log_softmax(plain, wide(x), offsets, y_wide);
      sequence_log_softmax(context, x, offsets, y);
      expect_close(y, y_wide, 1e-6, 1);
      const Tensor targets = Tensor::empty({6, columns}, DType::int32);
      for (std::int64_t i = 0; i < 6 * columns; ++i) {
        const auto s = static_cast<std::size_t>(i / columns);
        const std::int32_t length = offsets[s + 1] - offsets[s];
        targets.values<std::int32_t>()[static_cast<std::size_t>(i)] =
            length == 0 || i % 5 == 4 ? -1 : static_cast<std::int32_t>(i * 7 % length);
      }
      for (const bool gradient : {false, true}) {
        CrossEntropySums expected, got;
        const Tensor wide_scores = wide(x), scores = copy_of(x);
        SequenceCrossEntropy call{.scores = wide_scores,
                                  .offsets = offsets,
                                  .targets = seen_by(plain, targets),
                                  .smoothing = 0.1f,
                                  .want_gradient = gradient,
                                  .gradient_scale = 0.5f};
        sequence_cross_entropy(plain, call, expected);
        call.scores = scores;
        call.targets = targets;
        sequence_cross_entropy(context, call, got);
        EXPECT_NEAR(got.loss, expected.loss, 1e-6 * (1 + expected.loss));
        EXPECT_NEAR(got.plain_loss, expected.plain_loss, 1e-6 * (1 + expected.loss));
        EXPECT_EQ(got.correct, expected.correct);
        EXPECT_EQ(got.count, expected.count);
        expect_close(scores, wide_scores, 1e-6, gradient ? 0.1 : 1);
      }
    }
  });
}

TEST_F(Softmax, CrossEntropyOfMaskedLogitsIsFiniteWithoutSmoothing) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = Tensor::empty({1, 20});
  x.fill(-infinity);
  x.values<float>()[4] = x.values<float>()[5] = 1;
  const Tensor targets = Tensor::from_values<std::int32_t>({5}, {1});
  const Loss loss = cross_entropy_of(context, x, targets, DType::float32, 0, true);
  EXPECT_NEAR(loss.sums.loss - 1, std::log(2.0), 1e-7);
  EXPECT_EQ(loss.sums.correct, 3);  // a tie goes to the first of the largest
  EXPECT_EQ(loss.logits.values<float>()[0], 0);
  EXPECT_NEAR(loss.logits.values<float>()[5], -0.125, 1e-7);
}

TEST_F(Softmax, CrossEntropyShowsNotANumber) {
  for_each_target([](ExecutionContext& context) {
    const Tensor x = random_rows(2, 37, 1);
    x.values<float>()[20] = not_a_number;
    const Tensor targets = Tensor::from_values<std::int32_t>({1, 2}, {2});
    const Loss loss = cross_entropy_of(context, x, targets, DType::float32, 0.1f, true);
    EXPECT_TRUE(std::isnan(loss.sums.loss));
    EXPECT_TRUE(std::isnan(loss.logits.values<float>()[0]));
    EXPECT_FALSE(std::isnan(loss.logits.values<float>()[37]));
  });
}

TEST_F(Softmax, RefusesTargetsOutsideTheVocabulary) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = random_rows(2, 37, 1);
  for (const std::int32_t bad : {-1, 37}) {
    const Tensor targets = Tensor::from_values<std::int32_t>({1, bad}, {2});
    EXPECT_THROW(cross_entropy_of(context, x, targets, DType::float32, 0, true), Error);
  }
}

TEST_F(Softmax, SameBitsAtAnyNumberOfThreads) {
  const Tensor x = random_rows(203, 1001, 1);
  const Tensor targets = random_ids(203, 1001, 2);
  expect_same_bits([&](ExecutionContext& context) {
    const Loss loss = cross_entropy_of(context, x, targets, DType::float32, 0.1f, true);
    const Tensor sums = Tensor::from_values<double>({loss.sums.loss, loss.sums.plain_loss}, {2});
    const Tensor y = Tensor::empty(x.shape());
    softmax_forward(context, x, y);
    return std::vector<Tensor>{loss.logits, sums, y};
  });
}

}  // namespace
}  // namespace heed::cpu
