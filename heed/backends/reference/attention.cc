#include "heed/kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "heed/backends/reference/families.h"

namespace heed::reference {

namespace {

// A tensor of [rows, heads · size], read by row and head.
template <typename T>
struct Heads {
  T* data;
  std::int64_t row_stride;
  std::int64_t size;

  template <typename AnyView>
  Heads(const AnyView& view, std::int64_t head_size)
      : data(view.template as<std::remove_const_t<T>>()),
        row_stride(view.row_stride()),
        size(head_size) {}
  T* at(std::int64_t row, std::int64_t head) const { return data + row * row_stride + head * size; }
};

// Operands of products are rounded when the plan asks for bfloat16; float64 is left alone.
template <typename T>
T operand(T value, MatmulPrecision precision) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == MatmulPrecision::bfloat16) {
      return static_cast<float>(BFloat16(value));
    }
  }
  return value;
}

template <typename T>
T dot(const T* a, const T* b, std::int64_t size, MatmulPrecision precision) {
  T sum = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    sum += operand(a[i], precision) * operand(b[i], precision);
  }
  return sum;
}

// y += weight · x.
template <typename T>
void add_scaled(T weight, const T* x, std::int64_t size, MatmulPrecision precision, T* y) {
  for (std::int64_t i = 0; i < size; ++i) {
    y[i] += operand(weight, precision) * operand(x[i], precision);
  }
}

// Replaces scores by softmax(scores) and returns their log-sum-exp; without scores, or with only
// -inf, the weights are 0.
template <typename T>
T softmax_in_place(std::vector<T>& scores) {
  const T infinity = std::numeric_limits<T>::infinity();
  T maximum = -infinity;
  for (T score : scores) {
    maximum = std::max(maximum, score);
  }
  if (maximum == -infinity) {
    maximum = 0;
  }
  T sum = 0;
  for (T& score : scores) {
    score = std::exp(score - maximum);
    sum += score;
  }
  for (T& score : scores) {
    score = sum == 0 ? T{0} : score / sum;
  }
  return maximum + std::log(sum);
}

// 1 / (probability of keeping) for a kept weight, 0 for a dropped one.
template <typename T>
T dropout_factor(const AttentionPlan& plan, std::uint64_t row_key, int head, std::int64_t key) {
  if (!plan.dropout.active()) {
    return 1;
  }
  const bool keep = plan.dropout.keeps(row_key, attention_dropout_column(plan.heads, head, key));
  return keep ? static_cast<T>(plan.dropout.scale()) : T{0};
}

// One sequence: its rows of queries and of keys, and where its traced weights begin.
struct Sequence {
  std::int64_t query_begin, queries, key_begin, keys, weights_begin;
};

template <typename Visit>
void for_each_sequence(const AttentionPlan& plan, Visit visit) {
  std::int64_t weights_begin = 0;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    const Sequence sequence{plan.query_offsets[s],
                            plan.query_offsets[s + 1] - plan.query_offsets[s], plan.key_offsets[s],
                            plan.key_offsets[s + 1] - plan.key_offsets[s], weights_begin};
    visit(sequence);
    weights_begin += plan.heads * sequence.queries * sequence.keys;
  }
}

template <typename T>
void forward(const AttentionPlan& plan, const AttentionForward& io) {
  const AttentionSizes sizes = check_attention(plan, io);
  const Heads<const T> q(io.q, sizes.head_size);
  const Heads<const T> k(io.k, sizes.head_size);
  const Heads<const T> v(io.v, sizes.value_size);
  const Heads<T> out(io.out, sizes.value_size);
  const int group = plan.heads / plan.key_heads;
  std::vector<T> weights;
  for_each_sequence(plan, [&](const Sequence& s) {
    for (int h = 0; h < plan.heads; ++h) {
      for (std::int64_t i = 0; i < s.queries; ++i) {
        const std::int64_t row = s.query_begin + i;
        const std::int64_t seen = visible_keys(plan.causal, i, s.queries, s.keys);
        weights.resize(static_cast<std::size_t>(seen));
        for (std::int64_t j = 0; j < seen; ++j) {
          weights[static_cast<std::size_t>(j)] =
              static_cast<T>(plan.scale) *
              dot(q.at(row, h), k.at(s.key_begin + j, h / group), sizes.head_size, plan.precision);
        }
        const T log_sum_exp = softmax_in_place(weights);
        if (io.log_sum_exp.defined()) {
          Heads<T>(io.log_sum_exp, 1).at(row, h)[0] = log_sum_exp;
        }
        if (io.weights.defined()) {
          T* traced = io.weights.as<T>() + s.weights_begin + (h * s.queries + i) * s.keys;
          std::fill_n(std::copy(weights.begin(), weights.end(), traced), s.keys - seen, T{0});
        }
        std::fill_n(out.at(row, h), sizes.value_size, T{0});
        const std::uint64_t row_key = plan.dropout.row_key(row);
        for (std::int64_t j = 0; j < seen; ++j) {
          const T weight =
              weights[static_cast<std::size_t>(j)] * dropout_factor<T>(plan, row_key, h, j);
          add_scaled(weight, v.at(s.key_begin + j, h / group), sizes.value_size, plan.precision,
                     out.at(row, h));
        }
      }
    }
  });
}

template <typename T>
void clear(const View& view) {
  for (std::int64_t row = 0; row < view.rows(); ++row) {
    std::fill_n(view.as<T>() + row * view.row_stride(), view.columns(), T{0});
  }
}

template <typename T>
void backward(const AttentionPlan& plan, const AttentionBackward& io) {
  const AttentionSizes sizes = check_attention(plan, io);
  const Heads<const T> q(io.q, sizes.head_size), k(io.k, sizes.head_size);
  const Heads<const T> v(io.v, sizes.value_size), out(io.out, sizes.value_size);
  const Heads<const T> dout(io.dout, sizes.value_size), log_sum_exp(io.log_sum_exp, 1);
  const Heads<T> dq(io.dq, sizes.head_size), dk(io.dk, sizes.head_size);
  const Heads<T> dv(io.dv, sizes.value_size);
  const int group = plan.heads / plan.key_heads;
  const T scale = static_cast<T>(plan.scale);
  const MatmulPrecision exact = MatmulPrecision::float32;
  clear<T>(io.dq);
  clear<T>(io.dk);
  clear<T>(io.dv);
  for_each_sequence(plan, [&](const Sequence& s) {
    for (int h = 0; h < plan.heads; ++h) {
      for (std::int64_t i = 0; i < s.queries; ++i) {
        const std::int64_t row = s.query_begin + i;
        const std::uint64_t row_key = plan.dropout.row_key(row);
        const std::int64_t seen = visible_keys(plan.causal, i, s.queries, s.keys);
        const T total = log_sum_exp.at(row, h)[0];
        const T weighted = dot(dout.at(row, h), out.at(row, h), sizes.value_size, exact);
        for (std::int64_t j = 0; j < seen; ++j) {
          const std::int64_t key_row = s.key_begin + j;
          const T* key = k.at(key_row, h / group);
          const T score = scale * dot(q.at(row, h), key, sizes.head_size, plan.precision);
          const T p = total == -std::numeric_limits<T>::infinity() ? T{0} : std::exp(score - total);
          const T factor = dropout_factor<T>(plan, row_key, h, j);
          const T dp = factor * dot(dout.at(row, h), v.at(key_row, h / group), sizes.value_size,
                                    plan.precision);
          const T ds = scale * p * (dp - weighted);
          add_scaled(p * factor, dout.at(row, h), sizes.value_size, plan.precision,
                     dv.at(key_row, h / group));
          add_scaled(ds, key, sizes.head_size, plan.precision, dq.at(row, h));
          add_scaled(ds, q.at(row, h), sizes.head_size, plan.precision, dk.at(key_row, h / group));
        }
      }
    }
  });
}

template <typename T>
void cached(const CachedAttention& io) {
  const AttentionSizes sizes = check_attention(io);
  const Heads<const T> q(io.q, sizes.head_size), keys(io.keys, sizes.head_size);
  const Heads<const T> values(io.values, sizes.value_size);
  const Heads<T> out(io.out, sizes.value_size);
  const int group = io.plan.heads / io.plan.key_heads;
  const MatmulPrecision exact = MatmulPrecision::float32;
  std::vector<T> weights;
  for (std::int64_t row = 0; row < sizes.queries; ++row) {
    const auto r = static_cast<std::size_t>(row);
    const auto slots = io.slots.subspan(static_cast<std::size_t>(io.begin[r]),
                                        static_cast<std::size_t>(io.end[r] - io.begin[r]));
    for (int h = 0; h < io.plan.heads; ++h) {
      weights.clear();
      for (std::int32_t slot : slots) {
        weights.push_back(static_cast<T>(io.plan.scale) *
                          dot(q.at(row, h), keys.at(slot, h / group), sizes.head_size, exact));
      }
      softmax_in_place(weights);
      std::fill_n(out.at(row, h), sizes.value_size, T{0});
      for (std::size_t j = 0; j < slots.size(); ++j) {
        add_scaled(weights[j], values.at(slots[j], h / group), sizes.value_size, exact,
                   out.at(row, h));
      }
    }
  }
}

void attention_forward(ExecutionContext&, const AttentionPlan& plan, const AttentionForward& io) {
  io.q.dtype == DType::float64 ? forward<double>(plan, io) : forward<float>(plan, io);
}

void attention_backward(ExecutionContext&, const AttentionPlan& plan, const AttentionBackward& io) {
  io.q.dtype == DType::float64 ? backward<double>(plan, io) : backward<float>(plan, io);
}

void cached_attention(ExecutionContext&, const CachedAttention& io) {
  io.q.dtype == DType::float64 ? cached<double>(io) : cached<float>(io);
}

}  // namespace

void register_attention() {
  heed::attention_forward.fill(DeviceKind::reference, &attention_forward);
  heed::attention_backward.fill(DeviceKind::reference, &attention_backward);
  heed::cached_attention.fill(DeviceKind::reference, &cached_attention);
}

}  // namespace heed::reference
