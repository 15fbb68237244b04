// One query of attention by its definition (kernels/attention_plan.h), in float64 whatever the type
// of the operands: head by head, key by key, every sum in the order of keys. It shares nothing with
// the faster backends that are compared with it.
#pragma once

#include <cstdint>
#include <vector>

#include "heed/kernels/attention.h"

namespace heed::reference {

// A matrix of float64, empty for an absent operand.
struct Numbers {
  std::int64_t rows = 0, columns = 0;
  std::vector<double> values;

  Numbers() = default;
  Numbers(std::int64_t row_count, std::int64_t column_count)
      : rows(row_count),
        columns(column_count),
        values(static_cast<std::size_t>(row_count * column_count)) {}
  // A copy of a view of float32 or float64.
  explicit Numbers(const ConstView& view);
  void write_to(const View& view) const;

  bool present() const { return !values.empty(); }
  double& operator()(std::int64_t row, std::int64_t column) {
    return values[static_cast<std::size_t>(row * columns + column)];
  }
  double operator()(std::int64_t row, std::int64_t column) const {
    return values[static_cast<std::size_t>(row * columns + column)];
  }
};

struct AttentionNumbers {
  AttentionPlan plan;
  std::int64_t head_size = 0, value_size = 0;
  std::int64_t table_queries = 0;                 // of table_bias
  bool key_tables = false, value_tables = false;  // whether each head has vectors of its own
  Numbers q, k, v;
  AttentionTerms<Numbers> terms{};
};
// The operands of a call.
AttentionNumbers numbers_of(const AttentionPlan& plan, const AttentionSizes& sizes,
                            const ConstView& q, const ConstView& k, const ConstView& v,
                            const AttentionTerms<ConstView>& terms);
// Zeros of the same shapes, to add gradients to.
AttentionNumbers zeros_like(const AttentionNumbers& operands);

// A key that a query sees.
struct SeenKey {
  std::int64_t place = 0;  // its position
  std::int64_t row = 0;    // of k and v
};
struct QueryPlace {
  std::int64_t row = 0;        // of q, and of the random streams
  std::int64_t table_row = 0;  // of table_bias
  std::int64_t position = 0;
  std::vector<SeenKey> keys;  // in rising order
};

// Numbers by head and seen key.
using ByHead = std::vector<std::vector<double>>;

// What a query computes on its way; the backward pass reads it.
struct QueryAttention {
  ByHead gates, counts;  // of contextual positions
  ByHead raw;            // scores with their terms, before mix_scores
  ByHead scores;         // as they enter the normalizer; a sink comes last
  ByHead weights;        // after the normalizer; a sink comes last
  ByHead mixed;          // after mix_weights, without the sink
  ByHead factors;        // of dropout
  std::vector<double> log_sum_exp;
  std::vector<double> out;  // [heads · value_size]
};
QueryAttention attend(const AttentionNumbers& operands, const QueryPlace& query);

// Adds the gradients of a query, from that of its output, to `sums`.
void add_gradients(const AttentionNumbers& operands, const QueryPlace& query,
                   const QueryAttention& attention, const double* dout, AttentionNumbers& sums);

}  // namespace heed::reference
