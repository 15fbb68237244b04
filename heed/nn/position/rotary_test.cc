// Rotary positions and xPos: what turning by the position leaves unchanged, and what it changes.
#include "heed/nn/position/rotary.h"

#include <cmath>
#include <numbers>

#include "heed/nn/position/test_schemes.h"
#include "heed/nn/position/xpos.h"
#include "heed/ops/rotary.h"

namespace heed {
namespace {

class RotaryTest : public PositionTest {
 protected:
  using Row = std::vector<double>;

  // One row of numbers turned to a position, in float32 as in a model.
  static Row turned(const Row& x, const RotaryTables& tables, std::int64_t position,
                    RotaryLayout layout) {
    const auto size = static_cast<std::int64_t>(x.size());
    const Tensor row = Tensor::from_values<double>(x, {1, size}, reference_device);
    return ops::rotate(row.to(DType::float32), int32s({static_cast<std::int32_t>(position)}),
                       tables.cosines.to(reference_device), tables.sines.to(reference_device), 1,
                       layout)
        .to_doubles();
  }
  static double dot(const Row& a, const Row& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      sum += a[i] * b[i];
    }
    return sum;
  }
};

TEST_F(RotaryTest, ShiftingAllPositionsLeavesTheScores) {
  constexpr std::int64_t size = 64;
  const Row q = random({size}, 1).to_doubles(), k = random({size}, 2).to_doubles();
  const double allowed = 1e-6 * std::sqrt(dot(q, q) * dot(k, k));
  for (const PositionConfig& config :
       {PositionConfig{}, PositionConfig{.layout = "interleaved", .rotated = 0.5},
        PositionConfig{.scaling = "linear", .scaling_factor = 4},
        PositionConfig{.scaling = "ntk", .scaling_factor = 4},
        PositionConfig{.scaling = "llama3", .scaling_factor = 8}}) {
    const RotaryTables tables =
        rotary_tables(8192 + 100, rotary_frequencies(config, {.head_size = size}), {}, cpu_device);
    ASSERT_EQ(tables.cosines.dtype(), DType::float32);
    const RotaryLayout layout = rotary_layout(config.layout);
    const auto score = [&](std::int64_t at_query, std::int64_t at_key) {
      return dot(turned(q, tables, at_query, layout), turned(k, tables, at_key, layout));
    };
    for (const std::int64_t distance : {0, 1, 7, 99}) {
      const double unshifted = score(0, distance);
      for (const std::int64_t shift : {1, 2, 100, 1023, 4096, 8191, 8192}) {
        EXPECT_NEAR(score(shift, shift + distance), unshifted, allowed)
            << config.scaling << ", shift " << shift << ", distance " << distance;
      }
    }
    EXPECT_GT(std::abs(score(0, 7) - score(0, 1)), 1000 * allowed);  // but distances do count
  }
}

TEST_F(RotaryTest, CosinesAreThoseOfTheAngleRoundedOnce) {
  const RotaryFrequencies frequencies = rotary_frequencies({}, {.head_size = 64});
  const RotaryTables tables = rotary_tables(20001, frequencies, {}, cpu_device);
  const auto cosines = tables.cosines.values<float>();
  const auto sines = tables.sines.values<float>();
  for (const std::size_t position : {0, 1, 4095, 8191, 8192, 20000}) {
    for (std::size_t j = 0; j < 32; ++j) {
      const long double angle = static_cast<long double>(position) *
                                std::pow(10000.0L, -static_cast<long double>(j) / 32);
      constexpr double half_a_step = 0x1p-25 + 1e-11;
      EXPECT_NEAR(cosines[position * 32 + j], std::cos(angle), half_a_step) << position;
      EXPECT_NEAR(sines[position * 32 + j], std::sin(angle), half_a_step) << position;
    }
  }
}

TEST_F(RotaryTest, TurnsPairsOfEachHeadAndLeavesTheRest) {
  const PositionScope scope{.heads = 2, .key_heads = 1, .head_size = 6};
  const Tensor q = random({3, 12}), k = random({3, 6}, 2);
  const Tensor positions = int32s({0, 5, 1});
  for (const std::string layout : {"halves", "interleaved"}) {
    const auto encoding = make({.kind = "rotary", .layout = layout, .rotated = 4.0 / 6}, scope);
    const auto x = q.to_doubles();
    const auto y = encoding->turn_queries(0, q, positions, 6).to_doubles();
    for (std::size_t head = 0; head < 4; ++head) {  // of rows 0 and 1
      const std::size_t at = head * 6;
      const double angles[] = {head < 2 ? 0.0 : 5.0, head < 2 ? 0.0 : 0.05};
      for (std::size_t j = 0; j < 2; ++j) {
        const std::size_t first = at + (layout == "halves" ? j : 2 * j);
        const std::size_t second = at + (layout == "halves" ? j + 2 : 2 * j + 1);
        const double c = std::cos(angles[j]), s = std::sin(angles[j]);
        EXPECT_NEAR(y[first], c * x[first] - s * x[second], 1e-14);
        EXPECT_NEAR(y[second], s * x[first] + c * x[second], 1e-14);
      }
      EXPECT_EQ(y[at + 4], x[at + 4]);
      EXPECT_EQ(y[at + 5], x[at + 5]);
    }
    EXPECT_EQ(encoding->turn_keys(0, k, positions, 6).shape(), k.shape());
    check_leaf_gradients({q}, [&] { return encoding->turn_queries(0, q, positions, 6); });
    // The gradient is added to that of another use.
    check_leaf_gradients({k}, [&] {
      return ops::multiply(encoding->turn_keys(0, k, positions, 6),
                           encoding->turn_keys(0, ops::scale(k, 2), positions, 6));
    });
  }
}

TEST_F(RotaryTest, ScalingsKeepFastPairsAndStretchSlowOnes) {
  const PositionScope scope{.head_size = 128, .longest = 2048};
  const auto plain = rotary_frequencies({}, scope).frequencies;
  for (const std::string scaling : {"linear", "ntk", "yarn", "llama3"}) {
    const RotaryFrequencies scaled =
        rotary_frequencies({.scaling = scaling, .scaling_factor = 8}, scope);
    EXPECT_NEAR(scaled.frequencies.back(), plain.back() / 8, 1e-12) << scaling;
    EXPECT_NEAR(scaled.frequencies.front(), scaling == "linear" ? plain.front() / 8 : plain.front(),
                1e-12)
        << scaling;
    EXPECT_NEAR(scaled.factor, scaling == "yarn" ? 0.1 * std::log(8.0) + 1 : 1.0, 1e-15);
    for (std::size_t j = 0; j < plain.size(); ++j) {
      EXPECT_LE(scaled.frequencies[j], plain[j] * (1 + 1e-12)) << scaling;
      EXPECT_GE(scaled.frequencies[j], plain[j] / 8 * (1 - 1e-12)) << scaling;
    }
  }
}

TEST_F(RotaryTest, RefusesOptionsWithoutSense) {
  const PositionScope scope{.head_size = 6};
  const auto refused = [&](PositionConfig config, const std::string& reason) {
    config.kind = "rotary";
    expect_refusal(config, scope, reason);
  };
  refused({.rotated = 0.5}, "position.rotated 0.5");
  refused({.rotated = 0}, "position.rotated 0");
  refused({.rotated = 1.5}, "position.rotated 1.5");
  refused({.layout = "thirds"}, "position.layout 'thirds'");
  refused({.scaling = "longrope"}, "position.scaling 'longrope'");
  refused({.scaling = "linear", .scaling_factor = 0.5}, "position.scaling_factor");
  refused({.scaling_factor = 2}, "position.scaling_factor 2: has no effect");
  refused({.base = 1}, "position.base");
  refused({.trained_length = -1}, "position.trained_length");
  refused({.scaling = "yarn", .beta_fast = 1, .beta_slow = 2}, "position.beta_fast");
  refused({.scaling = "yarn", .attention_factor = -1}, "position.attention_factor");
  refused({.scaling = "llama3", .high_frequency_factor = 1}, "high_frequency_factor");
  expect_refusal({.kind = "rotary"}, {.head_size = 5}, "not an even number");
  expect_refusal({.kind = "rotary", .scaling = "ntk"}, {.head_size = 2}, "more than one pair");
}

TEST_F(RotaryTest, XposFadesWithDistanceAndWithDistanceAlone) {
  constexpr std::int64_t size = 8;
  const RotaryFrequencies frequencies = rotary_frequencies({}, {.head_size = size});
  const auto decays = xpos_decays(size / 2, 16);
  auto growths = decays;
  for (double& growth : growths) {
    growth = 1 / growth;
  }
  const RotaryTables queries = rotary_tables(600, frequencies, decays, cpu_device);
  const RotaryTables keys = rotary_tables(600, frequencies, growths, cpu_device);
  for (std::size_t j = 0; j < size / 2; ++j) {
    Row pair(size, 0.0);
    pair[j] = 1;
    const double zeta = (2.0 * static_cast<double>(j) / size + 0.4) / 1.4;
    for (const std::int64_t distance : {0, 1, 5, 40}) {
      const double expected = std::cos(static_cast<double>(distance) * frequencies.frequencies[j]) *
                              std::pow(zeta, static_cast<double>(distance) / 16);
      for (const std::int64_t at : {40, 64, 500}) {
        EXPECT_NEAR(dot(turned(pair, queries, at, RotaryLayout::halves),
                        turned(pair, keys, at - distance, RotaryLayout::halves)),
                    expected, 1e-6);
      }
    }
  }
}

TEST_F(RotaryTest, XposHasGradientsAndKnowsItsReach) {
  const auto encoding =
      make({.kind = "xpos", .decay_base = 4}, {.heads = 2, .key_heads = 2, .head_size = 4});
  const Tensor q = random({3, 8});
  const Tensor positions = int32s({0, 9, 2});
  check_leaf_gradients({q}, [&] { return encoding->turn_queries(0, q, positions, 10); });
  check_leaf_gradients({q}, [&] { return encoding->turn_keys(0, q, positions, 10); });
  EXPECT_NO_THROW(encoding->turn_keys(0, q, positions, 240));
  EXPECT_THROW(encoding->turn_keys(0, q, positions, 241), Error);
  expect_refusal({.kind = "xpos", .decay_base = 0}, {}, "position.decay_base");
  expect_refusal({.kind = "xpos", .scaling = "yarn"}, {}, "position.scaling");
}

TEST_F(RotaryTest, LayersWithAWindowHaveABaseOfTheirOwn) {
  const PositionScope scope{
      .heads = 2, .key_heads = 2, .head_size = 8, .longest = 16, .windowed = {true, false}};
  PositionConfig config{.kind = "rotary", .base = 5000, .window_base = 100};
  config.scaling = "linear";
  config.scaling_factor = 4;
  const auto both = make(config, scope);
  config.window_base = 0;
  const auto wide = make(config, scope);
  const auto narrow = make({.kind = "rotary", .base = 100}, scope);
  const Tensor x = random({6, 16});
  const Tensor at = int32s({0, 1, 2, 3, 4, 5});
  const auto turned = [&](const auto& encoding, int layer) {
    return encoding->turn_queries(layer, x, at, 6).to_doubles();
  };
  EXPECT_EQ(turned(both, 0), turned(narrow, 0));
  EXPECT_EQ(turned(both, 1), turned(wide, 1));
  EXPECT_EQ(turned(wide, 0), turned(wide, 1));
  EXPECT_NE(turned(both, 0), turned(both, 1));
}

}  // namespace
}  // namespace heed
