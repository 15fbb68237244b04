// For tests of this folder: attentions on the reference device, and what they should give, by plain
// loops over the formulas.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "heed/backends/reference/register.h"
#include "heed/base/random.h"
#include "heed/nn/attention/attention_core.h"
#include "heed/tensor/test_close.h"

namespace heed {

using Numbers = std::vector<double>;

inline Tensor normal_numbers(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Numbers values(static_cast<std::size_t>(shape.element_count()));
  for (double& value : values) {
    value = random.normal();
  }
  return Tensor::from_values<double>(values, shape, reference_device);
}

// One sequence of queries, one of keys, and an attention between them.
struct AttentionExample {
  AttentionConfig config;
  AttentionScope scope = attention_scope({.key_heads = 2, .key_size = 3, .value_size = 2}, 8, 4);
  int queries = 9;
  int keys = 9;
  Tensor q, k, v;
  std::map<std::string, Numbers> parameters;  // of the core, by name
  ForwardContext context;

  explicit AttentionExample(const AttentionConfig& chosen) : config(chosen) {
    scope.device = reference_device;
    scope.place.stack = "of_a_test";
  }

  // → [queries, heads · value size]
  Numbers attend() {
    AttentionCore core(config, scope);
    for (const NamedParameter& item : parameters_of(core)) {
      const Tensor& value = item.parameter->value;
      value.copy_from(normal_numbers(value.shape(), 11));
      parameters[item.name] = value.to_doubles();
    }
    q = normal_numbers({queries, core.query_width()}, 1);
    k = normal_numbers({keys, core.key_width()}, 2);
    v = normal_numbers({keys, core.value_width()}, 3);
    return core
        .attend(q, k, v, make_sequences(std::vector<std::int32_t>{queries}),
                make_sequences(std::vector<std::int32_t>{keys}), nullptr, context)
        .to_doubles();
  }
};

// The same by loops.
struct AttentionFormula {
  // Of one head's query and key.
  std::function<double(std::size_t head, const Numbers& q, const Numbers& k)> score;
  // Of one query's scores, by head and seen key.
  std::function<void(std::vector<Numbers>& scores)> normalize;
  std::function<bool(int i, int j)> sees = [](int, int) { return true; };

  Numbers attend(const AttentionExample& example) const {
    const AttentionScope& scope = example.scope;
    const Numbers q = example.q.to_doubles(), k = example.k.to_doubles(),
                  v = example.v.to_doubles();
    const auto key_size = static_cast<std::size_t>(scope.key_size);
    const auto value_size = static_cast<std::size_t>(scope.value_size);
    const auto heads = static_cast<std::size_t>(scope.heads);
    const auto key_heads = static_cast<std::size_t>(scope.key_heads);
    const auto part = [](const Numbers& from, std::size_t begin, std::size_t size) {
      return Numbers(from.begin() + static_cast<std::ptrdiff_t>(begin),
                     from.begin() + static_cast<std::ptrdiff_t>(begin + size));
    };
    Numbers out;
    for (int i = 0; i < example.queries; ++i) {
      std::vector<std::size_t> seen;
      for (int j = 0; j < example.keys; ++j) {
        if (sees(i, j)) {
          seen.push_back(static_cast<std::size_t>(j));
        }
      }
      std::vector<Numbers> weights(heads);
      for (std::size_t h = 0; h < heads; ++h) {
        for (const std::size_t j : seen) {
          const std::size_t key_head = h / (heads / key_heads);
          weights[h].push_back(
              score(h, part(q, (static_cast<std::size_t>(i) * heads + h) * key_size, key_size),
                    part(k, (j * key_heads + key_head) * key_size, key_size)));
        }
      }
      normalize(weights);
      for (std::size_t h = 0; h < heads; ++h) {
        for (std::size_t c = 0; c < value_size; ++c) {
          double sum = 0;
          for (std::size_t n = 0; n < seen.size(); ++n) {
            const std::size_t key_head = h / (heads / key_heads);
            sum += weights[h][n] * v[(seen[n] * key_heads + key_head) * value_size + c];
          }
          out.push_back(sum);
        }
      }
    }
    return out;
  }
};

inline double dot(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (std::size_t c = 0; c < a.size(); ++c) {
    sum += a[c] * b[c];
  }
  return sum;
}

inline void softmax_each(std::vector<Numbers>& scores) {
  for (Numbers& row : scores) {
    double sum = 0;
    for (double& value : row) {
      value = std::exp(value);
      sum += value;
    }
    for (double& value : row) {
      value /= sum;
    }
  }
}

inline double scaled_dot(std::size_t, const Numbers& q, const Numbers& k) {
  return dot(q, k) / std::sqrt(static_cast<double>(q.size()));
}

}  // namespace heed
