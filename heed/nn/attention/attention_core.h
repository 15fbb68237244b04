// What lies between the projections of a multi-head attention: its parts, the positions of its
// stack, and the call of the kernel, for whole sequences and step by step over a cache.
// Thread-safety: as Module.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "heed/nn/attention/attention_part.h"
#include "heed/nn/position/position_encoding.h"

namespace heed {

// One query a row over a cache of keys and values; see CachedAttention.
struct CachedRows {
  Tensor keys;                           // [slots, key heads · key size]
  Tensor values;                         // [slots, key heads · value size]
  std::span<const std::int32_t> slots;   // each an index into keys and values
  std::span<const std::int32_t> begin;   // [rows]: a row sees begin … end-1 of `slots`
  std::span<const std::int32_t> end;     // [rows]
  std::span<const std::int32_t> places;  // [rows], where the queries stand
};

class AttentionCore : public Module {
 public:
  AttentionCore(const AttentionConfig& config, const AttentionScope& scope);

  // q of `queries`, k and v of `keys`, as they were projected → [query rows, heads · value size].
  // `positions` may be null.
  Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Sequences& queries,
                const Sequences& keys, const PositionEncoding* positions,
                ForwardContext& context) const;

  // The same with keys that kept_keys() gave.
  Tensor attend_kept(const Tensor& q, const Tensor& kept_keys, const Tensor& v,
                     const Sequences& queries, const Sequences& keys,
                     const PositionEncoding* positions, ForwardContext& context) const;

  // Step by step: what is kept of keys at `places` (int32 [rows], below `length`), which is k
  // itself when keys are compared as they were projected.
  Tensor kept_keys(const Tensor& k, const Tensor& places, std::int64_t length,
                   const PositionEncoding* positions, ForwardContext& context) const;
  // q: [rows, heads · key size] as projected, one token a row at `rows.positions`; `length` bounds
  // the positions of queries and keys → [rows, heads · value size]. Records no gradients.
  Tensor attend_cached(const Tensor& q, const Sequences& rows, const CachedRows& cache,
                       std::int64_t length, const PositionEncoding* positions,
                       ForwardContext& context) const;

  const AttentionScope& scope() const { return scope_; }
  // Columns of q, k, v and of what was attended.
  std::int64_t query_width() const { return scope_.heads * scope_.key_size; }
  std::int64_t key_width() const { return scope_.key_heads * scope_.key_size; }
  std::int64_t value_width() const { return scope_.key_heads * scope_.value_size; }
  std::int64_t out_width() const { return scope_.heads * scope_.value_size; }
  // A cache keeps of a token its key, as kept_keys() gives it, and its value side by side.
  std::int64_t kept_width() const { return key_width() + value_width(); }
  Tensor keys_of(const Tensor& kept) const { return kept.columns(0, key_width()); }
  Tensor values_of(const Tensor& kept) const { return kept.columns(key_width(), kept_width()); }
  void visit(ParameterVisitor& visitor) override;

 private:
  Tensor compared_queries(const Tensor& q, const Tensor& places, std::int64_t length,
                          const PositionEncoding* positions, ForwardContext& context) const;
  ops::AttentionTerms terms(std::int64_t length, const PositionEncoding* positions) const;

  AttentionScope scope_;
  DropoutSite dropout_;
  std::vector<std::unique_ptr<AttentionPart>> parts_;
};

}  // namespace heed
