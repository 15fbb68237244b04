// For tests of attention: calls with random operands, and random combinations of everything that a
// plan can ask for.
#pragma once

#include <string>
#include <vector>

#include "heed/base/random.h"
#include "heed/kernels/attention.h"
#include "heed/tensor/tensor.h"

namespace heed {

// A call that owns all that it needs.
class AttentionCase {
 public:
  // `lengths`: queries and keys of each sequence.
  AttentionCase(const std::vector<std::pair<int, int>>& lengths, int heads, int key_heads,
                std::uint64_t seed = 1, DType dtype = DType::float64,
                Device device = reference_device)
      : random_(seed), dtype_(dtype), device_(device) {
    options.heads = heads;
    options.key_heads = key_heads;
    options.scale = 0.6f;
    for (const auto& [queries, keys] : lengths) {
      query_offsets.push_back(query_offsets.back() + queries);
      key_offsets.push_back(key_offsets.back() + keys);
    }
    q = normal({query_offsets.back(), heads * head_size});
    k = normal({key_offsets.back(), key_heads * head_size});
    v = normal({key_offsets.back(), key_heads * value_size});
  }

  Tensor normal(const Shape& shape, double spread = 1) {
    std::vector<double> values(static_cast<std::size_t>(shape.element_count()));
    for (double& value : values) {
      value = static_cast<float>(spread * random_.normal());  // float32 holds it too
    }
    return Tensor::from_values<double>(values, shape, device_).to(dtype_);
  }
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound)));
  }

  AttentionPlan plan() const {
    AttentionPlan plan = options;
    plan.query_offsets = query_offsets;
    plan.key_offsets = key_offsets;
    plan.query_starts = query_starts;
    plan.prefix = prefix;
    plan.query_segments = query_segments;
    plan.key_segments = key_segments;
    return plan;
  }
  std::vector<Tensor> leaves() const {
    std::vector<Tensor> result;
    for (const Tensor& operand : {q, k, v}) {
      result.push_back(operand);
    }
    visit_terms(
        [&](const char*, const Tensor& term) {
          if (term.defined()) {
            result.push_back(term);
          }
        },
        terms);
    return result;
  }

  // Random terms of the shapes that they need; the table bias takes the lengths of sequence 0.
  void add_distance_bias(std::int64_t reach) {
    terms.distance_bias = normal({options.heads, 2 * reach + 1});
  }
  void add_table_bias() {
    terms.table_bias = normal({options.heads, query_offsets[1], key_offsets[1]});
  }
  void add_vectors(std::int64_t key_reach, std::int64_t value_reach, bool per_head) {
    const auto shape = [&](std::int64_t reach, std::int64_t size) {
      return per_head ? Shape{options.heads, 2 * reach + 1, size} : Shape{2 * reach + 1, size};
    };
    terms.key_vectors = normal(shape(key_reach, head_size));
    terms.value_vectors = normal(shape(value_reach, value_size));
  }
  void add_sinks() { terms.sinks = normal({1, options.heads}); }
  void make_additive() {
    options.scorer = AttentionScorer::additive;
    terms.additive = normal({options.heads, head_size});
  }
  void add_mixing() {
    terms.mix_scores = normal({options.heads, options.heads}, 0.7);
    terms.mix_weights = normal({options.heads, options.heads}, 0.7);
  }
  void add_contextual(std::int64_t positions) { terms.contextual = normal({positions, head_size}); }
  void draw_segments() {
    const auto draw = [&](std::int64_t rows) {
      std::vector<std::int32_t> segments;
      for (std::int64_t r = 0; r < rows; ++r) {
        segments.push_back(static_cast<std::int32_t>(below(2)));
      }
      return segments;
    };
    query_segments = draw(query_offsets.back());
    key_segments = draw(key_offsets.back());
  }

  static constexpr std::int64_t head_size = 3;
  static constexpr std::int64_t value_size = 2;

  AttentionPlan options;  // without spans
  std::vector<std::int32_t> query_offsets{0}, key_offsets{0};
  std::vector<std::int32_t> query_starts, prefix, query_segments, key_segments;
  Tensor q, k, v;
  AttentionTerms<Tensor> terms;

 private:
  Random random_;
  DType dtype_;
  Device device_;
};

// Combination `number`: every choice by chance. With `step`, a single sequence with as many queries
// as keys, seen by what a step over a cache knows too (nothing per sequence, no dropout).
inline AttentionCase random_attention_case(std::uint64_t number, bool step,
                                           DType dtype = DType::float64,
                                           Device device = reference_device) {
  Random random(number, 17);
  const auto one_in = [&](std::uint64_t bound) { return random.below(bound) == 0; };
  const auto up_to = [&](std::uint64_t bound) {
    return static_cast<std::int32_t>(random.below(bound + 1));
  };
  const int heads = 1 + up_to(3);
  const bool table = one_in(3);
  std::vector<std::pair<int, int>> lengths;
  for (int s = 0; s < (step ? 1 : 3); ++s) {
    const int keys = step || table ? 6 : up_to(6);
    lengths.emplace_back(step ? keys : table ? 4 : up_to(5), keys);
  }
  AttentionCase item(lengths, heads, one_in(2) ? 1 : heads, number, dtype, device);
  AttentionPlan& plan = item.options;
  plan.causal = step || one_in(2);
  plan.reach_back = one_in(3) ? up_to(3) : -1;
  plan.reach_ahead = one_in(4) ? up_to(3) : -1;
  plan.dilation = one_in(4) ? 2 : 1;
  plan.block = one_in(4) ? 3 : 0;
  plan.block_shift = plan.block > 0 ? up_to(2) : 0;
  plan.scorer = one_in(3) ? AttentionScorer::gaussian : AttentionScorer::dot;
  plan.normalizer = one_in(3) ? AttentionNormalizer::sparsemax : AttentionNormalizer::softmax;
  plan.soft_cap = one_in(3) ? 1.5f : 0;
  if (!step) {
    plan.dropout.rate = one_in(3) ? 0.3f : 0;
    plan.dropout.key = number;
    for (int s = 0; s < 3; ++s) {
      item.query_starts.push_back(up_to(4));
      item.prefix.push_back(up_to(4));
    }
    if (one_in(2)) {
      item.query_starts.clear();
    }
    if (one_in(2)) {
      item.prefix.clear();
    }
    if (one_in(3)) {
      item.draw_segments();
    }
  }
  if (one_in(4)) {
    item.make_additive();
  }
  if (one_in(2)) {
    item.add_distance_bias(up_to(4));
  }
  if (table) {
    item.add_table_bias();
  }
  if (one_in(2)) {
    item.add_vectors(up_to(3), up_to(3), one_in(2));
  }
  if (one_in(3)) {
    item.add_sinks();
  }
  if (one_in(3)) {
    item.add_mixing();
  }
  if (one_in(3)) {
    item.add_contextual(1 + up_to(4));
  }
  return item;
}

}  // namespace heed
