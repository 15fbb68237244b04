// The operands of an attention call as matrices, and what one query of it sees.
#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "heed/backends/common/matrix.h"
#include "heed/kernels/attention.h"

namespace heed::common {

template <typename T, typename Byte>
auto optional_matrix(const BasicView<Byte>& view) {
  using Result = Matrix<typename BasicView<Byte>::template Element<T>>;
  return view.defined() ? matrix<T>(view) : Result{};
}

template <typename T, typename V>
auto term_matrices(const AttentionTerms<V>& views) {
  AttentionTerms<Matrix<typename V::template Element<T>>> result;
  visit_terms([](const char*, const V& view, auto& term) { term = optional_matrix<T>(view); },
              views, result);
  return result;
}

// Where the vectors of a distance are in key_vectors or value_vectors.
struct DistanceTable {
  std::int64_t reach = 0;
  bool per_head = false;

  static DistanceTable of(const ConstView& table, int heads) {
    return table.defined() ? DistanceTable{vectors_reach(table, heads), vectors_per_head(table)}
                           : DistanceTable{};
  }
  // The row of distance -reach.
  std::int64_t first_row(int head) const { return per_head ? head * (2 * reach + 1) : 0; }
};

template <typename T>
struct AttentionOperands {
  const AttentionPlan& plan;
  AttentionSizes sizes;
  Matrix<const T> q, k, v;
  AttentionTerms<Matrix<const T>> terms;
  DistanceTable key_table, value_table;
  std::int64_t table_queries = 0;  // of table_bias

  AttentionOperands(const AttentionPlan& call_plan, const AttentionSizes& call_sizes,
                    const ConstView& q_view, const ConstView& k_view, const ConstView& v_view,
                    const AttentionTerms<ConstView>& views)
      : plan(call_plan),
        sizes(call_sizes),
        q(matrix<T>(q_view)),
        k(matrix<T>(k_view)),
        v(matrix<T>(v_view)),
        terms(term_matrices<T>(views)),
        key_table(DistanceTable::of(views.key_vectors, plan.heads)),
        value_table(DistanceTable::of(views.value_vectors, plan.heads)),
        table_queries(views.table_bias.defined() ? views.table_bias.shape[1] : 0) {}

  int key_head(int head) const { return head / (plan.heads / plan.key_heads); }
};

// Where gradients are added to. A term without data is not wanted.
template <typename T>
struct AttentionSums {
  Matrix<T> dq, dk, dv;
  AttentionTerms<Matrix<T>> terms;
};

// A query and the keys that it sees, in rising order.
struct AttentionQuery {
  std::int64_t row = 0;        // of q and of the random streams
  std::int64_t table_row = 0;  // of table_bias
  std::int64_t position = 0;
  std::vector<std::int32_t> places;  // j, which is also the key's position
  std::vector<std::int32_t> rows;    // of k and v

  // Query i of sequence s.
  void look(const AttentionPlan& plan, std::size_t s, std::int64_t i) {
    row = plan.query_offsets[s] + i;
    table_row = i;
    position = plan.query_start(s) + i;
    places.clear();
    rows.clear();
    std::int64_t begin = 0;
    std::int64_t end = plan.keys(s);
    if (plan.reach_back >= 0) {
      begin = std::max(begin, position - plan.reach_back);
    }
    if (plan.reach_ahead >= 0) {
      end = std::min(end, position + plan.reach_ahead + 1);
    }
    if (plan.causal) {
      const std::int64_t prefix = plan.prefix.empty() ? 0 : plan.prefix[s];
      end = std::min(end, std::max(position + 1, prefix));
    }
    for (std::int64_t j = begin; j < end; ++j) {
      if (plan.sees(s, i, j)) {
        places.push_back(static_cast<std::int32_t>(j));
        rows.push_back(static_cast<std::int32_t>(plan.key_offsets[s] + j));
      }
    }
  }

  // Row r of a step over a cache: a sequence of one query.
  void look(const CachedAttention& io, std::int64_t r) {
    const auto at = static_cast<std::size_t>(r);
    const std::int32_t query_offsets[] = {0, 1};
    const std::int32_t key_offsets[] = {0, io.end[at] - io.begin[at]};
    const std::int32_t starts[] = {io.positions[at]};
    AttentionPlan step = io.plan;
    step.query_offsets = query_offsets;
    step.key_offsets = key_offsets;
    step.query_starts = starts;
    look(step, 0, 0);
    row = r;
    table_row = position;
    for (std::int32_t& key : rows) {
      key = io.slots[static_cast<std::size_t>(io.begin[at] + key)];
    }
  }
};

}  // namespace heed::common
