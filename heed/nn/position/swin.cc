#include "heed/nn/position/swin.h"

#include <fmt/format.h>

#include <cmath>

#include "heed/base/error.h"
#include "heed/nn/position/grown_table.h"
#include "heed/ops/bias_table.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/linear.h"

namespace heed {

namespace {

// What both have in common: a table [(2M-1)², heads] spread over the pairs of a window.
class WindowPositions : public PositionEncoding {
 public:
  WindowPositions(const PositionConfig& config, const PositionScope& scope)
      : tokens_(std::int64_t{config.window} * config.window), heads_(scope.heads) {
    index_ = Tensor::from_values<std::int32_t>(swin_index(config.window), {tokens_ * tokens_});
  }

  void add_terms(int layer, std::int64_t length, ops::AttentionTerms& terms) const override {
    check_usage(length == tokens_,
                "position.window: its windows hold {} tokens, but the attention is over {}; other "
                "lengths need another position.kind",
                tokens_, length);
    terms.table_bias = ops::spread_biases(biases_of(static_cast<std::size_t>(layer)), index_,
                                          {heads_, tokens_, tokens_});
  }

 protected:
  virtual Tensor biases_of(std::size_t layer) const = 0;  // [(2M-1)², heads]

 private:
  std::int64_t tokens_;
  std::int64_t heads_;
  Tensor index_;  // int32 [M² · M²]
};

std::int64_t offset_count(int window) {
  return (2 * std::int64_t{window} - 1) * (2 * std::int64_t{window} - 1);
}

class SwinPositions : public WindowPositions {
 public:
  SwinPositions(const PositionConfig& config, const PositionScope& scope)
      : WindowPositions(config, scope) {
    for (int i = 0; i < scope.layers; ++i) {
      tables_.emplace_back(Shape({offset_count(config.window), scope.heads}), Initial::zeros, false,
                           scope.device);
    }
  }

  void visit(ParameterVisitor& visitor) override {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      visitor.parameter(fmt::format("layers.{}.relative_position_bias_table", i), tables_[i]);
    }
  }

 protected:
  Tensor biases_of(std::size_t layer) const override { return tables_.at(layer).value; }

 private:
  std::vector<Parameter> tables_;
};

class Swin2Positions : public WindowPositions {
 public:
  Swin2Positions(const PositionConfig& config, const PositionScope& scope)
      : WindowPositions(config, scope) {
    const std::int64_t offsets = offset_count(config.window);
    const int trained = config.trained_window > 0 ? config.trained_window : config.window;
    offsets_ = constant_tensor(swin2_offsets(config.window, trained), {offsets, 2}, scope.device);
    eights_ =
        constant_tensor(std::vector<double>(static_cast<std::size_t>(offsets * scope.heads), 8.0),
                        {offsets, scope.heads}, scope.device);
    for (int i = 0; i < scope.layers; ++i) {
      networks_.push_back(
          {Parameter({config.hidden_size, 2}, Initial::xavier, true, scope.device),
           Parameter({config.hidden_size}, Initial::zeros, false, scope.device),
           Parameter({scope.heads, config.hidden_size}, Initial::xavier, true, scope.device)});
    }
  }

  void visit(ParameterVisitor& visitor) override {
    for (std::size_t i = 0; i < networks_.size(); ++i) {
      const std::string prefix = fmt::format("layers.{}.continuous_position_bias_mlp.", i);
      visitor.parameter(prefix + "0.weight", networks_[i].hidden);
      visitor.parameter(prefix + "0.bias", networks_[i].hidden_bias);
      visitor.parameter(prefix + "2.weight", networks_[i].out);
    }
  }

 protected:
  Tensor biases_of(std::size_t layer) const override {
    const Network& network = networks_.at(layer);
    const Tensor hidden =
        ops::linear_relu(offsets_, network.hidden.value, network.hidden_bias.value);
    const Tensor logits = ops::linear(hidden, network.out.value, Tensor());
    // 16·sigmoid(x) = 8·tanh(x / 2) + 8
    const Tensor tanh = ops::activate(ops::scale(logits, 0.5f), Activation::tanh);
    return ops::add(ops::scale(tanh, 8.0f), eights_);
  }

 private:
  struct Network {
    Parameter hidden, hidden_bias, out;
  };
  Tensor offsets_;  // [(2M-1)², 2]
  Tensor eights_;   // [(2M-1)², heads]
  std::vector<Network> networks_;
};

void check_window(const PositionConfig& config) {
  check_usage(config.window >= 2 && config.window <= 64,
              "position.window {}: expected 2 to 64 rows and columns", config.window);
}

}  // namespace

std::vector<std::int32_t> swin_index(std::int64_t window) {
  std::vector<std::int32_t> index;
  const std::int64_t tokens = window * window;
  for (std::int64_t i = 0; i < tokens; ++i) {
    for (std::int64_t j = 0; j < tokens; ++j) {
      const std::int64_t dy = i / window - j / window + window - 1;
      const std::int64_t dx = i % window - j % window + window - 1;
      index.push_back(static_cast<std::int32_t>(dy * (2 * window - 1) + dx));
    }
  }
  return index;
}

std::vector<double> swin2_offsets(std::int64_t window, std::int64_t trained_window) {
  const auto spaced = [&](std::int64_t offset) {
    const double scaled =
        8.0 * static_cast<double>(offset) / static_cast<double>(trained_window - 1);
    return std::copysign(std::log2(std::abs(scaled) + 1) / std::log2(8.0), scaled);
  };
  std::vector<double> result;
  for (std::int64_t dy = 1 - window; dy < window; ++dy) {
    for (std::int64_t dx = 1 - window; dx < window; ++dx) {
      result.push_back(spaced(dy));
      result.push_back(spaced(dx));
    }
  }
  return result;
}

PositionScheme swin_scheme() {
  return {.kind = "swin",
          .summary = "A learned bias per head and offset in a square window (Liu et al., 2021)",
          .scores = true,
          .learned = true,
          .square_window = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            check_window(config);
            return std::make_unique<SwinPositions>(config, scope);
          }};
}

PositionScheme swin2_scheme() {
  return {.kind = "swin2",
          .summary = "Biases of a window by a network on log-spaced offsets (Liu et al., 2022)",
          .scores = true,
          .learned = true,
          .square_window = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            check_window(config);
            check_usage(config.trained_window == 0 || config.trained_window >= 2,
                        "position.trained_window {}: expected 2 or more rows and columns, or 0",
                        config.trained_window);
            check_usage(config.hidden_size > 0, "position.hidden_size {}: expected more than 0",
                        config.hidden_size);
            return std::make_unique<Swin2Positions>(config, scope);
          }};
}

}  // namespace heed
