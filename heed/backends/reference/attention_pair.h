// A query beside one of its keys: what the definition of their score and of the sum over values
// reads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "heed/backends/reference/attention_query.h"

namespace heed::reference {

// A query of one head beside one of its keys.
struct Pair {
  const AttentionNumbers& in;
  const QueryPlace& query;
  int head;
  std::size_t n;  // of query.keys

  std::int64_t key_head() const { return head / (in.plan.heads / in.plan.key_heads); }
  const SeenKey& key() const { return query.keys[n]; }
  // Where the vectors of q, k and v begin.
  std::int64_t q_column() const { return head * in.head_size; }
  std::int64_t k_column() const { return key_head() * in.head_size; }
  std::int64_t v_column() const { return key_head() * in.value_size; }
  double q(std::int64_t c) const { return in.q(query.row, q_column() + c); }
  double k(std::int64_t c) const { return in.k(key().row, k_column() + c); }
  double v(std::int64_t c) const { return in.v(key().row, v_column() + c); }

  // The place of the pair's distance in a table of `width` distances.
  std::int64_t distance(std::int64_t width) const {
    const std::int64_t reach = (width - 1) / 2;
    return std::clamp(key().place - query.position, -reach, reach) + reach;
  }
  std::int64_t vector_row(const Numbers& table, bool of_heads) const {
    const std::int64_t width = of_heads ? table.rows / in.plan.heads : table.rows;
    return (of_heads ? head * width : 0) + distance(width);
  }
  std::int64_t key_vector() const { return vector_row(in.terms.key_vectors, in.key_tables); }
  std::int64_t value_vector() const { return vector_row(in.terms.value_vectors, in.value_tables); }
  std::int64_t table_row() const { return head * in.table_queries + query.table_row; }

  double dot_product() const {
    double sum = 0;
    for (std::int64_t c = 0; c < in.head_size; ++c) {
      sum += q(c) * k(c);
    }
    return in.plan.scale * sum;
  }
  double compare() const {
    double sum = 0;
    switch (in.plan.scorer) {
      case AttentionScorer::dot:
        return dot_product();
      case AttentionScorer::gaussian:
        for (std::int64_t c = 0; c < in.head_size; ++c) {
          sum -= (q(c) - k(c)) * (q(c) - k(c)) / 2;
        }
        return in.plan.scale * sum;
      case AttentionScorer::additive:
        for (std::int64_t c = 0; c < in.head_size; ++c) {
          sum += in.terms.additive(head, c) * std::tanh(q(c) + k(c));
        }
        return sum;
    }
    return sum;
  }
  double biases() const {
    double sum = 0;
    if (in.terms.distance_bias.present()) {
      sum += in.terms.distance_bias(head, distance(in.terms.distance_bias.columns));
    }
    if (in.terms.table_bias.present()) {
      sum += in.terms.table_bias(table_row(), key().place);
    }
    for (std::int64_t c = 0; in.terms.key_vectors.present() && c < in.head_size; ++c) {
      sum += in.plan.scale * q(c) * in.terms.key_vectors(key_vector(), c);
    }
    return sum;
  }
  double value(std::int64_t c) const {
    return v(c) +
           (in.terms.value_vectors.present() ? in.terms.value_vectors(value_vector(), c) : 0);
  }

  // q · contextual[position].
  double position_score(std::int64_t position) const {
    double sum = 0;
    for (std::int64_t c = 0; c < in.head_size; ++c) {
      sum += q(c) * in.terms.contextual(position, c);
    }
    return sum;
  }
  std::uint32_t bits(const DropoutStream& stream) const {
    const std::int64_t column = attention_dropout_column(in.plan.heads, head, key().place);
    return DropoutStream::bits(stream.block(stream.row_key(query.row), column), column);
  }
};

// Between which positions a count stands.
struct Between {
  std::int64_t below, above;
  double share;  // of `above`

  Between(double count, std::int64_t positions)
      : below(static_cast<std::int64_t>(std::floor(count))),
        above(std::min(below + 1, positions - 1)),
        share(count - std::floor(count)) {}
};

// The noise of the hard normalizer; a sink has none.
inline std::vector<double> noise_of(const AttentionNumbers& in, const QueryPlace& query, int h,
                                    std::size_t size) {
  std::vector<double> noise(size);
  for (std::size_t n = 0; in.plan.gumbel && n < query.keys.size(); ++n) {
    const double u = (Pair{in, query, h, n}.bits(in.plan.gumbel_stream) + 0.5) / 65536;
    noise[n] = -std::log(-std::log(u));
  }
  return noise;
}

}  // namespace heed::reference
