// Where an item of the backward pass reads and writes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "heed/backends/cpu/attention/work.h"

namespace heed::cpu {

struct BackwardRows {
  const BackwardCall& call;
  const AttentionItem item;
  const int group;  // heads of queries per head of keys
  const std::int64_t head_size, value_size;
  const std::int64_t queries, keys;       // of the sequence
  const std::int64_t start;               // the position of its first query
  const std::int64_t query_row, key_row;  // its first rows
  const std::int64_t query_piece, key_piece;
  const std::int64_t query_begin, query_end, key_begin, key_end;  // the item's part

  BackwardRows(const BackwardCall& backward_call, const AttentionItem& backward_item)
      : BackwardRows(backward_call, backward_item, static_cast<std::size_t>(backward_item.sequence),
                     BackwardParts(backward_call.plan, backward_call.contextual(),
                                   static_cast<std::size_t>(backward_item.sequence))) {}

  bool single_tile() const { return key_end - key_begin <= key_piece; }
  // Where a head is finished before the next begins, all share the first slot.
  int slot_of(int head) const {
    return single_tile() || call.contextual() ? 0 : head - item.head_begin;
  }
  int key_head(int head) const { return head / group; }
  // The tile in which a key lies, of those from key_begin on.
  std::int64_t tile_of(std::int64_t key) const {
    return key_begin + std::max<std::int64_t>(0, key - key_begin) / key_piece * key_piece;
  }

  // Each query is counted by one of the items that meet it.
  bool counts_queries() const { return call.contextual() || item.part == 0; }

  const float* q(int head, std::int64_t query) const {
    return call.q[query_row + query] + head * head_size;
  }
  const float* dout(int head, std::int64_t query) const {
    return call.dout[query_row + query] + head * value_size;
  }
  const float* out(int head, std::int64_t query) const {
    return call.out[query_row + query] + head * value_size;
  }
  const float* k(int head, std::int64_t key) const {
    return call.k.at(key_row + key, key_head(head));
  }
  const float* v(int head, std::int64_t key) const {
    return call.v.at(key_row + key, key_head(head));
  }
  float* dk(int head, std::int64_t key) const {
    return own_keys() ? partial() + key * dk_stride() + key_head(head) * head_size
                      : call.dk[key_row + key] + key_head(head) * head_size;
  }
  float* dv(int head, std::int64_t key) const {
    return own_keys()
               ? partial() + keys * dk_stride() + key * dv_stride() + key_head(head) * value_size
               : call.dv[key_row + key] + key_head(head) * value_size;
  }
  float* dq(int head, std::int64_t query) const {
    return own_queries() ? partial() + query * dq_stride() + head * head_size
                         : call.dq[query_row + query] + head * head_size;
  }
  std::int64_t dk_stride() const {
    return own_keys() ? call.plan.key_heads * head_size : call.dk.stride;
  }
  std::int64_t dv_stride() const {
    return own_keys() ? call.plan.key_heads * value_size : call.dv.stride;
  }
  std::int64_t dq_stride() const {
    return own_queries() ? call.plan.heads * head_size : call.dq.stride;
  }

  void clear_key_gradients() const {
    const int heads = key_head(item.head_end - 1) + 1 - key_head(item.head_begin);
    for (std::int64_t key = key_begin; key < key_end; ++key) {
      std::fill_n(dk(item.head_begin, key), heads * head_size, 0.0f);
      std::fill_n(dv(item.head_begin, key), heads * value_size, 0.0f);
    }
  }
  void clear_query_gradients(Span block) const {
    for (std::int64_t query = block.begin; query < block.end; ++query) {
      std::fill_n(dq(item.head_begin, query), (item.head_end - item.head_begin) * head_size, 0.0f);
    }
  }

 private:
  // The first part writes into the results themselves.
  bool own_keys() const { return call.contextual() && item.part > 0; }
  bool own_queries() const { return !call.contextual() && item.part > 0; }
  float* partial() const {
    return call.partial(static_cast<std::size_t>(item.sequence), item.part);
  }

  BackwardRows(const BackwardCall& backward_call, const AttentionItem& backward_item, std::size_t s,
               const BackwardParts& parts)
      : call(backward_call),
        item(backward_item),
        group(call.plan.heads / call.plan.key_heads),
        head_size(call.sizes.head_size),
        value_size(call.sizes.value_size),
        queries(call.plan.queries(s)),
        keys(call.plan.keys(s)),
        start(call.plan.query_start(s)),
        query_row(call.plan.query_offsets[s]),
        key_row(call.plan.key_offsets[s]),
        query_piece(attention_piece(queries, attention_lanes)),
        key_piece(attention_piece(keys, 1)),
        query_begin(parts.queries(item.part).begin),
        query_end(parts.queries(item.part).end),
        key_begin(parts.keys(item.part).begin),
        key_end(parts.keys(item.part).end) {}
};

}  // namespace heed::cpu
