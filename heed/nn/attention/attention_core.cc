#include "heed/nn/attention/attention_core.h"

#include <algorithm>

namespace heed {

namespace {

// Attends, and keeps the weights when the context asks for them.
Tensor run(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionPlan& plan,
           const ops::AttentionTerms& terms, const AttentionPlace& place, ForwardContext& context) {
  if (context.trace == nullptr) {
    return ops::attention(q, k, v, plan, terms);
  }
  AttentionTrace::Entry entry;
  entry.place = place;
  entry.heads = plan.heads;
  entry.query_offsets.assign(plan.query_offsets.begin(), plan.query_offsets.end());
  entry.key_offsets.assign(plan.key_offsets.begin(), plan.key_offsets.end());
  const Tensor out = ops::attention(q, k, v, plan, terms, &entry.weights);
  context.trace->entries.push_back(std::move(entry));
  return out;
}

// A bound of the positions of both that is at least 1: tables have a first row.
std::int64_t bound(std::int64_t a, std::int64_t b) {
  return std::max<std::int64_t>({a, b, 1});
}

}  // namespace

AttentionCore::AttentionCore(const AttentionConfig& config, const AttentionScope& scope)
    : scope_(scope),
      dropout_(scope.place.name() + ".weights", scope.dropout),
      parts_(make_attention_parts(config, scope)) {}

Tensor AttentionCore::compared_queries(const Tensor& q, const Tensor& places, std::int64_t length,
                                       const PositionEncoding* positions,
                                       ForwardContext& context) const {
  Tensor result = q;
  for (const auto& part : parts_) {
    result = part->queries(result, context);
  }
  return positions == nullptr ? result
                              : positions->turn_queries(scope_.place.layer, result, places, length);
}

Tensor AttentionCore::kept_keys(const Tensor& k, const Tensor& places, std::int64_t length,
                                const PositionEncoding* positions, ForwardContext& context) const {
  Tensor result = k;
  for (const auto& part : parts_) {
    result = part->keys(result, context);
  }
  return positions == nullptr ? result
                              : positions->turn_keys(scope_.place.layer, result, places, length);
}

ops::AttentionTerms AttentionCore::terms(std::int64_t length,
                                         const PositionEncoding* positions) const {
  ops::AttentionTerms result;
  for (const auto& part : parts_) {
    part->add_terms(result);
  }
  if (positions != nullptr) {
    positions->add_terms(scope_.place.layer, length, result);
  }
  return result;
}

Tensor AttentionCore::attend(const Tensor& q, const Tensor& k, const Tensor& v,
                             const Sequences& queries, const Sequences& keys,
                             const PositionEncoding* positions, ForwardContext& context) const {
  const std::int64_t length = bound(queries.longest(), keys.longest());
  return attend_kept(q, kept_keys(k, keys.positions, length, positions, context), v, queries, keys,
                     positions, context);
}

Tensor AttentionCore::attend_kept(const Tensor& q, const Tensor& kept_keys, const Tensor& v,
                                  const Sequences& queries, const Sequences& keys,
                                  const PositionEncoding* positions,
                                  ForwardContext& context) const {
  AttentionPlan plan{.query_offsets = queries.offsets,
                     .key_offsets = keys.offsets,
                     .heads = scope_.heads,
                     .key_heads = scope_.key_heads,
                     .causal = scope_.causal,
                     .dropout = context.dropout(dropout_, queries.row_keys),
                     .precision = context.precision};
  if (!queries.segments.empty() && !keys.segments.empty()) {
    plan.query_segments = queries.segments;
    plan.key_segments = keys.segments;
  }
  for (const auto& part : parts_) {
    part->plan(plan, queries, context);
  }
  const std::int64_t length = bound(queries.longest(), keys.longest());
  const Tensor compared = compared_queries(q, queries.positions, length, positions, context);
  return run(compared, kept_keys, v, plan, terms(length, positions), scope_.place, context);
}

Tensor AttentionCore::attend_cached(const Tensor& q, const Sequences& rows, const CachedRows& cache,
                                    std::int64_t length, const PositionEncoding* positions,
                                    ForwardContext& context) const {
  CachedAttention call{.plan = {.heads = scope_.heads, .key_heads = scope_.key_heads},
                       .q = {},
                       .keys = cache.keys,
                       .values = cache.values,
                       .terms = {},
                       .slots = cache.slots,
                       .begin = cache.begin,
                       .end = cache.end,
                       .positions = cache.places,
                       .out = {}};
  for (const auto& part : parts_) {
    part->plan(call.plan, rows, context);
  }
  length = bound(length, 1);
  const Tensor compared = compared_queries(q, rows.positions, length, positions, context);
  const ops::AttentionTerms learned = terms(length, positions);
  visit_terms([](const char*, const Tensor& term,
                 ConstView& view) { view = term.defined() ? ConstView(term.view()) : ConstView(); },
              learned, call.terms);
  const Tensor out = Tensor::empty({q.size(0), out_width()}, q.dtype(), q.device());
  call.q = compared;
  call.out = out;
  ExecutionContext execution = context_for(q.device());
  cached_attention(execution, call);
  return out;
}

void AttentionCore::visit(ParameterVisitor& visitor) {
  for (const auto& part : parts_) {
    part->visit(visitor);
  }
}

}  // namespace heed
