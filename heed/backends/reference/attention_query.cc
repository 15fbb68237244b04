#include "heed/backends/reference/attention_query.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/backends/reference/attention_normalizer.h"
#include "heed/backends/reference/attention_pair.h"
#include "heed/backends/reference/matrix.h"
#include "heed/backends/reference/scalar.h"

namespace heed::reference {

Numbers::Numbers(const ConstView& view) {
  if (!view.defined()) {
    return;
  }
  *this = Numbers(view.rows(), view.columns());
  for_floating_type("attention", view.dtype, [&](auto type) {
    const auto from = matrix<decltype(type)>(view);
    for (std::int64_t r = 0; r < rows; ++r) {
      std::copy_n(from[r], columns, values.begin() + r * columns);
    }
  });
}

void Numbers::write_to(const View& view) const {
  for_floating_type("attention", view.dtype, [&](auto type) {
    using T = decltype(type);
    const auto to = matrix<T>(view);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        to[r][c] = static_cast<T>((*this)(r, c));
      }
    }
  });
}

AttentionNumbers numbers_of(const AttentionPlan& plan, const AttentionSizes& sizes,
                            const ConstView& q, const ConstView& k, const ConstView& v,
                            const AttentionTerms<ConstView>& terms) {
  AttentionNumbers result{.plan = plan,
                          .head_size = sizes.head_size,
                          .value_size = sizes.value_size,
                          .q = Numbers(q),
                          .k = Numbers(k),
                          .v = Numbers(v)};
  visit_terms([](const char*, const ConstView& view, Numbers& term) { term = Numbers(view); },
              terms, result.terms);
  result.table_queries = terms.table_bias.defined() ? terms.table_bias.shape[1] : 0;
  result.key_tables = terms.key_vectors.defined() && vectors_per_head(terms.key_vectors);
  result.value_tables = terms.value_vectors.defined() && vectors_per_head(terms.value_vectors);
  return result;
}

AttentionNumbers zeros_like(const AttentionNumbers& operands) {
  AttentionNumbers result = operands;
  const auto clear = [](Numbers& numbers) {
    std::fill(numbers.values.begin(), numbers.values.end(), 0.0);
  };
  clear(result.q);
  clear(result.k);
  clear(result.v);
  visit_terms([&](const char*, Numbers& term) { clear(term); }, result.terms);
  return result;
}

namespace {

ByHead mix(const Numbers& matrix, const ByHead& from, std::size_t count) {
  ByHead to(from.size(), std::vector<double>(count));
  for (std::size_t h = 0; h < from.size(); ++h) {
    for (std::size_t g = 0; g < from.size(); ++g) {
      for (std::size_t n = 0; n < count; ++n) {
        to[h][n] += matrix(static_cast<std::int64_t>(h), static_cast<std::int64_t>(g)) * from[g][n];
      }
    }
  }
  return to;
}

void compute_raw_scores(const AttentionNumbers& in, const QueryPlace& query, int h,
                        QueryAttention& out) {
  const auto head = static_cast<std::size_t>(h);
  const std::size_t count = query.keys.size();
  for (std::size_t n = 0; n < count; ++n) {
    const Pair pair{in, query, h, n};
    out.raw[head].push_back(pair.compare() + pair.biases());
  }
  if (!in.terms.contextual.present()) {
    return;
  }
  const std::int64_t positions = in.terms.contextual.rows;
  out.gates[head].resize(count);
  out.counts[head].resize(count);
  double sum = 0;
  for (std::size_t n = count; n-- > 0;) {
    const Pair pair{in, query, h, n};
    out.gates[head][n] = sigmoid(pair.dot_product());
    sum += out.gates[head][n];
    const double position =
        sum < static_cast<double>(positions - 1) ? sum : static_cast<double>(positions - 1);
    out.counts[head][n] = position;
    const Between between(position, positions);
    out.raw[head][n] += (1 - between.share) * pair.position_score(between.below) +
                        between.share * pair.position_score(between.above);
  }
}

}  // namespace

QueryAttention attend(const AttentionNumbers& in, const QueryPlace& query) {
  const auto heads = static_cast<std::size_t>(in.plan.heads);
  const std::size_t count = query.keys.size();
  QueryAttention result;
  for (ByHead* array : {&result.gates, &result.counts, &result.raw, &result.weights}) {
    array->resize(heads);
  }
  result.factors.assign(heads, std::vector<double>(count, 1));
  result.log_sum_exp.assign(heads, -std::numeric_limits<double>::infinity());
  result.out.resize(heads * static_cast<std::size_t>(in.value_size));
  for (int h = 0; h < in.plan.heads; ++h) {
    compute_raw_scores(in, query, h, result);
  }
  result.scores =
      in.terms.mix_scores.present() ? mix(in.terms.mix_scores, result.raw, count) : result.raw;
  for (std::size_t h = 0; h < heads && count > 0; ++h) {
    for (double& score : result.scores[h]) {
      const double cap = in.plan.soft_cap;
      score = cap > 0 ? cap * std::tanh(score / cap) : score;
    }
    if (in.terms.sinks.present()) {
      result.scores[h].push_back(in.terms.sinks(0, static_cast<std::int64_t>(h)));
    }
    const auto noise = noise_of(in, query, static_cast<int>(h), result.scores[h].size());
    result.weights[h] = normalized(in.plan, result.scores[h], noise);
    result.log_sum_exp[h] = log_sum_exp(result.scores[h]);
  }
  result.mixed = result.weights;
  if (in.terms.mix_weights.present() && count > 0) {
    result.mixed = mix(in.terms.mix_weights, result.weights, count);
  }
  for (std::size_t h = 0; h < heads; ++h) {
    for (std::size_t n = 0; n < count; ++n) {
      const Pair pair{in, query, static_cast<int>(h), n};
      if (in.plan.dropout.active()) {
        result.factors[h][n] = pair.bits(in.plan.dropout) >= in.plan.dropout.threshold()
                                   ? double{in.plan.dropout.scale()}
                                   : 0;
      }
      for (std::int64_t c = 0; c < in.value_size; ++c) {
        result.out[h * static_cast<std::size_t>(in.value_size) + static_cast<std::size_t>(c)] +=
            result.factors[h][n] * result.mixed[h][n] * pair.value(c);
      }
    }
  }
  return result;
}

}  // namespace heed::reference
