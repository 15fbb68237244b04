#include "heed/kernels/attention.h"

#include <cmath>

#include "heed/kernels/operands.h"

namespace heed {

bool carried_by_online_softmax(const AttentionPlan& plan, const AttentionTerms<ConstView>& terms) {
  return plan.normalizer == AttentionNormalizer::softmax &&
         plan.scorer != AttentionScorer::additive && !terms.mix_scores.defined() &&
         !terms.mix_weights.defined();
}

namespace {

std::int64_t head_width(const ConstView& tensor, const char* name, int heads) {
  check(tensor.columns() % heads == 0, "attention: {} of shape {} cannot be cut into {} heads",
        name, tensor.shape, heads);
  return tensor.columns() / heads;
}

void check_numbers(const AttentionPlan& plan) {
  check(plan.heads >= 1 && plan.key_heads >= 1 && plan.heads % plan.key_heads == 0,
        "attention: {} heads cannot share {} key heads evenly", plan.heads, plan.key_heads);
  check(plan.dilation >= 1, "attention: dilation is {}, expected at least 1", plan.dilation);
  check(plan.block >= 0, "attention: block is {}, expected 0 (none) or more", plan.block);
  check(plan.block_shift >= 0 && plan.block_shift <= plan.block,
        "attention: block_shift is {}, expected 0 to the block's {}", plan.block_shift, plan.block);
  check(std::isfinite(plan.scale), "attention: scale is {}", plan.scale);
  check(std::isfinite(plan.soft_cap) && plan.soft_cap >= 0,
        "attention: soft_cap is {}, expected 0 (none) or a positive number", plan.soft_cap);
  check(std::isfinite(plan.temperature) && plan.temperature > 0,
        "attention: temperature is {}, expected a positive number", plan.temperature);
  check(!plan.gumbel || plan.normalizer == AttentionNormalizer::hard,
        "attention: Gumbel noise belongs to the hard normalizer");
}

void check_length(std::size_t length, std::int64_t expected, const char* name, const char* what) {
  check(length == 0 || static_cast<std::int64_t>(length) == expected,
        "attention: {} has {} entries for {} {}", name, length, expected, what);
}

// Sequences, starts, prefixes and segments; returns what the offsets say.
AttentionSizes check_sequences(const AttentionPlan& plan) {
  check(plan.query_offsets.size() == plan.key_offsets.size(),
        "attention: {} query offsets, but {} key offsets", plan.query_offsets.size(),
        plan.key_offsets.size());
  AttentionSizes sizes;
  sizes.queries = check_offsets("attention", "query offsets", plan.query_offsets);
  sizes.keys = check_offsets("attention", "key offsets", plan.key_offsets);
  sizes.sequences = static_cast<std::int64_t>(plan.query_offsets.size()) - 1;
  check_length(plan.query_starts.size(), sizes.sequences, "query_starts", "sequences");
  check_length(plan.prefix.size(), sizes.sequences, "prefix", "sequences");
  for (const std::int32_t prefix : plan.prefix) {
    check(prefix >= 0, "attention: a prefix is {}, expected 0 or more", prefix);
  }
  check_length(plan.query_segments.size(), sizes.queries, "query_segments", "queries");
  check_length(plan.key_segments.size(), sizes.keys, "key_segments", "keys");
  check(plan.query_segments.empty() || !plan.key_segments.empty() || sizes.keys == 0,
        "attention: query_segments came without key_segments");
  check(plan.key_segments.empty() || !plan.query_segments.empty() || sizes.queries == 0,
        "attention: key_segments came without query_segments");
  return sizes;
}

void check_distance_vectors(const char* name, const ConstView& table, int heads,
                            std::int64_t columns) {
  const std::int64_t tables = vectors_per_head(table) ? heads : 1;
  check(table.columns() == columns && table.rows() % tables == 0 &&
            table.rows() / tables % 2 == 1 && (table.shape.rank() != 3 || table.shape[0] == heads),
        "attention: {} has shape {}, expected [2r+1, {}] or one such table for each of {} heads",
        name, table.shape, columns, heads);
}

// Shapes and types of all terms but the size of the table bias.
void check_terms(const AttentionPlan& plan, const AttentionTerms<ConstView>& terms,
                 const AttentionSizes& sizes, DType dtype) {
  visit_terms(
      [&](const char* name, const ConstView& term) {
        check(!term.defined() || term.dtype == dtype, "attention: {} is {}, but q is {}", name,
              name_of(term.dtype), name_of(dtype));
      },
      terms);
  const auto matrix = [](const char* name, const ConstView& term, std::int64_t rows,
                         std::int64_t columns) {
    if (term.defined()) {
      check_matrix("attention", name, term, rows, columns);
    }
  };
  if (terms.distance_bias.defined()) {
    const std::int64_t width = terms.distance_bias.columns();
    check(width % 2 == 1, "attention: distance_bias has shape {}, expected [{}, 2r+1]",
          terms.distance_bias.shape, plan.heads);
    check_matrix("attention", "distance_bias", terms.distance_bias, plan.heads, width);
  }
  if (terms.key_vectors.defined()) {
    check_distance_vectors("key_vectors", terms.key_vectors, plan.heads, sizes.head_size);
  }
  if (terms.value_vectors.defined()) {
    check_distance_vectors("value_vectors", terms.value_vectors, plan.heads, sizes.value_size);
  }
  matrix("sinks", terms.sinks, 1, plan.heads);
  const bool additive = plan.scorer == AttentionScorer::additive;
  check(terms.additive.defined() == additive, "attention: {}",
        additive ? "the additive scorer needs the term additive"
                 : "the term additive belongs to the additive scorer");
  matrix("additive", terms.additive, plan.heads, sizes.head_size);
  matrix("mix_scores", terms.mix_scores, plan.heads, plan.heads);
  matrix("mix_weights", terms.mix_weights, plan.heads, plan.heads);
  if (terms.contextual.defined()) {
    check(terms.contextual.rows() >= 1, "attention: contextual has no positions");
    check_matrix("attention", "contextual", terms.contextual, terms.contextual.rows(),
                 sizes.head_size);
  }
}

void check_table_shape(const ConstView& table, int heads) {
  check(table.shape.rank() == 3 && table.shape[0] == heads,
        "attention: table_bias has shape {}, expected [{}, queries, keys]", table.shape, heads);
}

void check_table_bias(const AttentionPlan& plan, const ConstView& table) {
  check_table_shape(table, plan.heads);
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    check(plan.queries(s) == table.shape[1] && plan.keys(s) == table.shape[2],
          "attention: table_bias has shape {}, but sequence {} has {} queries and {} keys",
          table.shape, s, plan.queries(s), plan.keys(s));
  }
}

void check_types(std::initializer_list<std::pair<const char*, ConstView>> operands, DType dtype) {
  for (const auto& [name, operand] : operands) {
    check(operand.dtype == dtype || !operand.defined(), "attention: {} is {}, but q is {}", name,
          name_of(operand.dtype), name_of(dtype));
  }
}

AttentionSizes check_inputs(const AttentionPlan& plan, const ConstView& q, const ConstView& k,
                            const ConstView& v, const ConstView& out,
                            const AttentionTerms<ConstView>& terms) {
  check_numbers(plan);
  AttentionSizes sizes = check_sequences(plan);
  sizes.head_size = head_width(q, "q", plan.heads);
  sizes.value_size = head_width(v, "v", plan.key_heads);
  check_matrix("attention", "q", q, sizes.queries, plan.heads * sizes.head_size);
  check_matrix("attention", "k", k, sizes.keys, plan.key_heads * sizes.head_size);
  check_matrix("attention", "v", v, sizes.keys, plan.key_heads * sizes.value_size);
  check_matrix("attention", "out", out, sizes.queries, plan.heads * sizes.value_size);
  check_types({{"k", k}, {"v", v}, {"out", out}}, q.dtype);
  check_terms(plan, terms, sizes, q.dtype);
  if (terms.table_bias.defined()) {
    check_table_bias(plan, terms.table_bias);
  }
  return sizes;
}

}  // namespace

AttentionSizes check_attention(const AttentionPlan& plan, const AttentionForward& io) {
  const AttentionSizes sizes = check_inputs(plan, io.q, io.k, io.v, io.out, io.terms);
  if (io.log_sum_exp.defined()) {
    check_matrix("attention", "log_sum_exp", io.log_sum_exp, sizes.queries, plan.heads);
  }
  if (io.weights.defined()) {
    std::int64_t count = 0;
    for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
      count += plan.heads * plan.queries(s) * plan.keys(s);
    }
    check(io.weights.element_count() == count && io.weights.contiguous(),
          "attention: expected {} contiguous weights, got {}", count, io.weights.shape);
  }
  check_types({{"log_sum_exp", io.log_sum_exp}, {"weights", io.weights}}, io.q.dtype);
  return sizes;
}

AttentionSizes check_attention(const AttentionPlan& plan, const AttentionBackward& io) {
  const AttentionSizes sizes = check_inputs(plan, io.q, io.k, io.v, io.out, io.terms);
  if (carried_by_online_softmax(plan, io.terms)) {
    check_matrix("attention", "log_sum_exp", io.log_sum_exp, sizes.queries, plan.heads);
  }
  check_matrix("attention", "dout", io.dout, sizes.queries, io.out.columns());
  check_matrix("attention", "dq", io.dq, sizes.queries, io.q.columns());
  check_matrix("attention", "dk", io.dk, sizes.keys, io.k.columns());
  check_matrix("attention", "dv", io.dv, sizes.keys, io.v.columns());
  check_types({{"dout", io.dout}, {"dq", io.dq}, {"dk", io.dk}, {"dv", io.dv}}, io.q.dtype);
  visit_terms(
      [&](const char* name, const ConstView& term, const View& gradient) {
        if (gradient.defined()) {
          check(term.defined(), "attention: a gradient of {}, which is absent", name);
          check(gradient.shape == term.shape && gradient.dtype == term.dtype,
                "attention: the gradient of {} has shape {}, the term {}", name, gradient.shape,
                term.shape);
        }
      },
      io.terms, io.dterms);
  return sizes;
}

AttentionSizes check_attention(const CachedAttention& io) {
  const AttentionPlan& plan = io.plan;
  check_numbers(plan);
  check(plan.query_offsets.empty() && plan.key_offsets.empty() && plan.query_starts.empty() &&
            plan.prefix.empty() && plan.query_segments.empty() && plan.key_segments.empty(),
        "attention: a step over a cache takes no offsets, starts, prefixes or segments");
  check(!plan.dropout.active(), "attention: a step over a cache has no dropout");
  AttentionSizes sizes;
  sizes.queries = io.q.rows();
  sizes.sequences = sizes.queries;
  sizes.keys = io.keys.rows();
  sizes.head_size = head_width(io.q, "q", plan.heads);
  sizes.value_size = head_width(io.values, "values", plan.key_heads);
  check_matrix("attention", "keys", io.keys, sizes.keys, plan.key_heads * sizes.head_size);
  check_matrix("attention", "values", io.values, sizes.keys, plan.key_heads * sizes.value_size);
  check_matrix("attention", "out", io.out, sizes.queries, plan.heads * sizes.value_size);
  check_types({{"keys", io.keys}, {"values", io.values}, {"out", io.out}}, io.q.dtype);
  check_terms(plan, io.terms, sizes, io.q.dtype);
  const auto rows = static_cast<std::size_t>(sizes.queries);
  check(io.begin.size() == rows && io.end.size() == rows && io.positions.size() == rows,
        "attention: expected {} begin, end and position entries, got {}, {} and {}", rows,
        io.begin.size(), io.end.size(), io.positions.size());
  const auto slot_count = static_cast<std::int64_t>(io.slots.size());
  const ConstView& table = io.terms.table_bias;
  if (table.defined()) {
    check_table_shape(table, plan.heads);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    check(0 <= io.begin[row] && io.begin[row] <= io.end[row] && io.end[row] <= slot_count,
          "attention: row {} sees slots {} to {} of {}", row, io.begin[row], io.end[row],
          slot_count);
    check(!table.defined() || (0 <= io.positions[row] && io.positions[row] < table.shape[1] &&
                               io.end[row] - io.begin[row] <= table.shape[2]),
          "attention: table_bias has shape {}, but row {} is a query at {} with {} keys",
          table.shape, row, io.positions[row], io.end[row] - io.begin[row]);
    for (std::int32_t i = io.begin[row]; i < io.end[row]; ++i) {
      const std::int32_t slot = io.slots[static_cast<std::size_t>(i)];
      check(0 <= slot && slot < sizes.keys, "attention: row {} sees slot {}, the cache has {}", row,
            slot, sizes.keys);
    }
  }
  return sizes;
}

}  // namespace heed
