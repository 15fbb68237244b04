#include "heed/inspect/attention_stack.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "heed/base/error.h"

namespace heed {
namespace {

// The mean over a layer's heads, or the largest weight of any.
std::vector<float> join_heads(const AttentionStack& stack, const AttentionLayer& layer,
                              HeadChoice::Kind kind) {
  std::vector<double> sum(stack.cells(), 0.0);
  for (std::size_t i = 0; i < layer.weights.size(); ++i) {
    double& cell = sum[i % stack.cells()];
    cell = kind == HeadChoice::Kind::mean ? cell + layer.weights[i]
                                          : std::max<double>(cell, layer.weights[i]);
  }
  const double divisor =
      kind == HeadChoice::Kind::mean ? static_cast<double>(layer.heads.size()) : 1.0;
  std::vector<float> result;
  for (const double cell : sum) {
    result.push_back(static_cast<float>(cell / divisor));
  }
  return result;
}

std::vector<float> one_head(const AttentionStack& stack, int layer_number, int number) {
  const AttentionLayer& layer = stack.layers[static_cast<std::size_t>(layer_number - 1)];
  const auto found = std::find(layer.heads.begin(), layer.heads.end(), number);
  check_usage(found != layer.heads.end(), "{}, layer {} has no head {}, only {}", stack.kind,
              layer_number, number, layer.heads);
  const auto cells = static_cast<std::ptrdiff_t>(stack.cells());
  const auto begin = layer.weights.begin() + cells * (found - layer.heads.begin());
  return {begin, begin + cells};
}

}  // namespace

int AttentionStack::most_heads() const {
  int most = 0;
  for (const AttentionLayer& layer : layers) {
    most = layer.heads.empty() ? most : std::max(most, layer.heads.back());
  }
  return most;
}

HeadChoice HeadChoice::parse(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0) {
    return {Kind::one, number};
  }
  check_usage(text == "mean" || text == "max" || text == "rollout",
              "--head {}: expected a number from 1, mean, max or rollout", text);
  return {text == "mean" ? Kind::mean : text == "max" ? Kind::maximum : Kind::rollout};
}

void check_attention_stack(const AttentionStack& stack) {
  for (std::size_t i = 0; i < stack.layers.size(); ++i) {
    const AttentionLayer& layer = stack.layers[i];
    check(layer.weights.size() == layer.heads.size() * stack.cells() && !layer.heads.empty(),
          "{}, layer {}: {} weights for {} heads, {} rows, {} columns", stack.kind, i + 1,
          layer.weights.size(), layer.heads.size(), stack.row_labels.size(),
          stack.column_labels.size());
  }
}

AttentionMap choose_map(const AttentionStack& stack, int layer, const HeadChoice& head) {
  check_usage(layer >= 1 && static_cast<std::size_t>(layer) <= stack.layers.size(),
              "{} has no layer {}, only 1 to {}", stack.kind, layer, stack.layers.size());
  AttentionMap map{.kind = stack.kind,
                   .row_labels = stack.row_labels,
                   .column_labels = stack.column_labels,
                   .layer = layer};
  const AttentionLayer& chosen = stack.layers[static_cast<std::size_t>(layer - 1)];
  switch (head.kind) {
    case HeadChoice::Kind::one:
      map.head = head.number;
      map.weights = one_head(stack, layer, head.number);
      break;
    case HeadChoice::Kind::mean:
    case HeadChoice::Kind::maximum:
      map.head_name = head.kind == HeadChoice::Kind::mean ? "mean of heads" : "maximum over heads";
      map.weights = join_heads(stack, chosen, head.kind);
      break;
    case HeadChoice::Kind::rollout:
      map.head_name = "rollout";
      map.weights = attention_rollout(stack)[static_cast<std::size_t>(layer - 1)];
      break;
  }
  return map;
}

double mean_row_entropy(const float* weights, std::size_t rows, std::size_t columns) {
  double sum = 0;
  for (std::size_t i = 0; i < rows * columns; ++i) {
    const double weight = weights[i];
    sum -= weight == 0 ? 0.0 : weight * std::log2(weight);
  }
  return sum / static_cast<double>(rows);
}

std::vector<std::vector<float>> attention_rollout(const AttentionStack& stack) {
  const std::size_t n = stack.row_labels.size();
  check_usage(n == stack.column_labels.size(),
              "{}: a rollout is for self-attention, where rows and columns are the same tokens",
              stack.kind);
  std::vector<double> reached(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    reached[i * n + i] = 1;
  }
  std::vector<std::vector<float>> result;
  for (const AttentionLayer& layer : stack.layers) {
    const std::vector<float> mean = join_heads(stack, layer, HeadChoice::Kind::mean);
    std::vector<double> next(n * n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) {
        const double passed = (mean[i * n + k] + (i == k ? 1.0 : 0.0)) / 2;
        for (std::size_t j = 0; j < n; ++j) {
          next[i * n + j] += passed * reached[k * n + j];
        }
      }
    }
    reached = std::move(next);
    result.emplace_back(reached.begin(), reached.end());
  }
  return result;
}

}  // namespace heed
