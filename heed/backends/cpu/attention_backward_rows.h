// Where an item of the backward pass reads and writes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "heed/backends/cpu/attention_mask.h"
#include "heed/backends/cpu/attention_work.h"

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
  const std::int64_t key_begin, key_end;  // the item's chunk of the sequence

  BackwardRows(const BackwardCall& backward_call, const AttentionItem& backward_item)
      : BackwardRows(
            backward_call, backward_item, static_cast<std::size_t>(backward_item.sequence),
            key_chunks(backward_call.plan.keys(static_cast<std::size_t>(backward_item.sequence)))) {
  }

  bool single_tile() const { return key_end - key_begin <= key_piece; }
  // With one tile of keys a head is finished before the next begins: all share the first slot.
  int slot_of(int head) const { return single_tile() ? 0 : head - item.head_begin; }
  int key_head(int head) const { return head / group; }
  // The tile in which a key lies, of those from key_begin on.
  std::int64_t tile_of(std::int64_t key) const {
    return key_begin + std::max<std::int64_t>(0, key - key_begin) / key_piece * key_piece;
  }

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
    return call.k[key_row + key] + key_head(head) * head_size;
  }
  const float* v(int head, std::int64_t key) const {
    return call.v[key_row + key] + key_head(head) * value_size;
  }
  float* dk(int head, std::int64_t key) const {
    return call.dk[key_row + key] + key_head(head) * head_size;
  }
  float* dv(int head, std::int64_t key) const {
    return call.dv[key_row + key] + key_head(head) * value_size;
  }
  // The first chunk writes into dq itself.
  float* dq(int head, std::int64_t query) const {
    if (item.part == 0) {
      return call.dq[query_row + query] + head * head_size;
    }
    return call.partial_dq + call.partial_begin[static_cast<std::size_t>(item.sequence)] +
           ((item.part - 1) * queries + query) * dq_stride() + head * head_size;
  }
  std::int64_t dq_stride() const {
    return item.part == 0 ? call.dq.stride : call.plan.heads * head_size;
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
  BackwardRows(const BackwardCall& backward_call, const AttentionItem& backward_item, std::size_t s,
               const KeyChunks& chunks)
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
        key_begin(item.part * chunks.size),
        key_end(std::min(keys, key_begin + chunks.size)) {}
};

}  // namespace heed::cpu
