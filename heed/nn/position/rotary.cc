#include "heed/nn/position/rotary.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "heed/base/error.h"
#include "heed/nn/position/grown_table.h"
#include "heed/nn/position/sinusoidal.h"
#include "heed/ops/rotary.h"

namespace heed {

namespace {

class RotaryPositions : public PositionEncoding {
 public:
  RotaryPositions(const PositionConfig& config, const PositionScope& scope)
      : layout_(rotary_layout(config.layout)), scope_(scope) {
    usual_.frequencies = rotary_frequencies(config, scope);
    windowed_.frequencies = config.window_base > 0
                                ? rotary_frequencies(windowed_config(config), scope)
                                : usual_.frequencies;
  }

  Tensor turn_queries(int layer, const Tensor& q, const Tensor& positions,
                      std::int64_t length) const override {
    return turn(layer, q, positions, length, scope_.heads);
  }
  Tensor turn_keys(int layer, const Tensor& k, const Tensor& positions,
                   std::int64_t length) const override {
    return turn(layer, k, positions, length, scope_.key_heads);
  }

 private:
  struct Turns {
    RotaryFrequencies frequencies;
    GrownTable<RotaryTables> tables;
  };

  static PositionConfig windowed_config(PositionConfig config) {
    config.base = config.window_base;
    config.scaling = "none";
    config.scaling_factor = 1;
    return config;
  }

  Tensor turn(int layer, const Tensor& x, const Tensor& positions, std::int64_t length,
              int heads) const {
    const auto index = static_cast<std::size_t>(layer);
    const bool windowed = index < scope_.windowed.size() && scope_.windowed[index];
    const Turns& turns = windowed ? windowed_ : usual_;
    const RotaryTables tables = turns.tables.get(length, [&](std::int64_t reach) {
      return rotary_tables(reach, turns.frequencies, {}, scope_.device);
    });
    return ops::rotate(x, positions, tables.cosines, tables.sines, heads, layout_);
  }

  RotaryLayout layout_;
  PositionScope scope_;
  Turns usual_;
  Turns windowed_;
};

std::int64_t turned_components(const PositionConfig& config, const PositionScope& scope) {
  check_usage(config.rotated > 0 && config.rotated <= 1,
              "position.rotated {}: expected a share above 0, at most 1", config.rotated);
  const double exact = config.rotated * static_cast<double>(scope.head_size);
  const auto count = static_cast<std::int64_t>(std::llround(exact));
  check_usage(
      count > 0 && count % 2 == 0 && std::abs(exact - static_cast<double>(count)) < 1e-6,
      "position.rotated {} of heads of {} components: {} is not an even number, which pairs "
      "need",
      config.rotated, scope.head_size, exact);
  return count;
}

// Components (2·pairs, fractional) below which a pair turns more than `turns` times in `length`.
double component_that_turns(double turns, double length, double base, std::int64_t size) {
  return static_cast<double>(size) * std::log(length / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(base));
}

void scale_by_yarn(const PositionConfig& config, double trained, std::int64_t size,
                   RotaryFrequencies& result) {
  check_usage(config.beta_fast > config.beta_slow && config.beta_slow > 0,
              "position.beta_fast {}, beta_slow {}: expected beta_fast > beta_slow > 0",
              config.beta_fast, config.beta_slow);
  check_usage(config.attention_factor >= 0,
              "position.attention_factor {}: expected a positive factor, or 0 for the formula",
              config.attention_factor);
  const double s = config.scaling_factor;
  const double low =
      std::max(0.0, std::floor(component_that_turns(config.beta_fast, trained, config.base, size)));
  double high =
      std::min(static_cast<double>(size - 1),
               std::ceil(component_that_turns(config.beta_slow, trained, config.base, size)));
  if (high == low) {
    high += 0.001;  // as published: the ramp becomes a step
  }
  for (std::size_t j = 0; j < result.frequencies.size(); ++j) {
    const double interpolated = std::clamp((static_cast<double>(j) - low) / (high - low), 0.0, 1.0);
    result.frequencies[j] *= interpolated / s + (1 - interpolated);
  }
  result.factor = config.attention_factor > 0 ? config.attention_factor : 0.1 * std::log(s) + 1;
}

void scale_as_llama3(const PositionConfig& config, double trained, RotaryFrequencies& result) {
  const double low = config.low_frequency_factor;
  const double high = config.high_frequency_factor;
  check_usage(low > 0 && high > low,
              "position.low_frequency_factor {}, high_frequency_factor {}: expected 0 < low < high",
              low, high);
  for (double& frequency : result.frequencies) {
    const double turns = trained * frequency / (2 * std::numbers::pi);
    const double kept = std::clamp((turns - low) / (high - low), 0.0, 1.0);
    frequency *= (1 - kept) / config.scaling_factor + kept;
  }
}

}  // namespace

RotaryLayout rotary_layout(const std::string& name) {
  return pair_layout(name) == PairLayout::halves ? RotaryLayout::halves : RotaryLayout::interleaved;
}

RotaryFrequencies rotary_frequencies(const PositionConfig& config, const PositionScope& scope) {
  const std::int64_t size = turned_components(config, scope);
  const double s = config.scaling_factor;
  check_usage(config.base > 1, "position.base {}: expected more than 1", config.base);
  check_usage(config.window_base == 0 || config.window_base > 1,
              "position.window_base {}: expected more than 1, or 0 for position.base",
              config.window_base);
  check_usage(s >= 1, "position.scaling_factor {}: expected 1 or more", s);
  check_usage(config.scaling != "none" || s == 1,
              "position.scaling_factor {}: has no effect while position.scaling is none", s);
  check_usage(config.trained_length >= 0,
              "position.trained_length {}: expected a number of positions, or 0",
              config.trained_length);
  const auto trained =
      static_cast<double>(config.trained_length > 0 ? config.trained_length : scope.longest);
  double base = config.base;
  if (config.scaling == "ntk") {
    check_usage(size > 2,
                "position.scaling ntk: needs more than one pair in a head, got {} "
                "components",
                size);
    base *= std::pow(s, static_cast<double>(size) / static_cast<double>(size - 2));
  }
  RotaryFrequencies result;
  for (std::int64_t j = 0; j < size / 2; ++j) {
    result.frequencies.push_back(
        std::pow(base, -2.0 * static_cast<double>(j) / static_cast<double>(size)));
  }
  if (config.scaling == "linear") {
    for (double& frequency : result.frequencies) {
      frequency /= s;
    }
  } else if (config.scaling == "yarn") {
    scale_by_yarn(config, trained, size, result);
  } else if (config.scaling == "llama3") {
    scale_as_llama3(config, trained, result);
  } else {
    check_usage(config.scaling == "none" || config.scaling == "ntk",
                "position.scaling '{}': expected none, linear, ntk, yarn or llama3",
                config.scaling);
  }
  return result;
}

RotaryTables rotary_tables(std::int64_t length, const RotaryFrequencies& frequencies,
                           const std::vector<double>& growth, Device device) {
  const std::size_t pairs = frequencies.frequencies.size();
  std::vector<double> cosines, sines;
  cosines.reserve(static_cast<std::size_t>(length) * pairs);
  sines.reserve(static_cast<std::size_t>(length) * pairs);
  for (std::int64_t position = 0; position < length; ++position) {
    const auto p = static_cast<double>(position);
    for (std::size_t j = 0; j < pairs; ++j) {
      const double angle = p * frequencies.frequencies[j];
      const double factor = frequencies.factor * (growth.empty() ? 1.0 : std::pow(growth[j], p));
      cosines.push_back(factor * std::cos(angle));
      sines.push_back(factor * std::sin(angle));
    }
  }
  const Shape shape({length, static_cast<std::int64_t>(pairs)});
  return {constant_tensor(cosines, shape, device), constant_tensor(sines, shape, device)};
}

PositionScheme rotary_scheme() {
  return {.kind = "rotary",
          .summary = "Queries and keys turned pair by pair by their position (Su et al., 2021)",
          .queries_and_keys = true,
          .any_length = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            return std::make_unique<RotaryPositions>(config, scope);
          }};
}

}  // namespace heed
