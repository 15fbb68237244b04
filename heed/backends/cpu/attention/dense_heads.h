// Copies of keys and values in which the rows of a head lie side by side. Rows of a projection lie
// a few thousand bytes apart, where a tile of one head meets itself in a few sets of the first
// cache; a copy pays as soon as several blocks of queries read it.
//
// Thread-safety: constant once made.
#pragma once

#include "heed/backends/cpu/attention/work.h"
#include "heed/tensor/tensor.h"

namespace heed::cpu {

class DenseHeads {
 public:
  // Of rows [rows, heads · size]; without `copies` the rows themselves, where they lie. The columns
  // of a copied row are followed by zeros up to a multiple of attention_lanes.
  DenseHeads(ExecutionContext& context, const ConstRows& source, std::int64_t rows, int heads,
             std::int64_t size, bool copies);

  const HeadRows& rows() const { return rows_; }

 private:
  Tensor memory_;
  HeadRows rows_;
};

// Whether the blocks of queries of a call read a key several times on the average.
bool worth_dense_heads(const AttentionPlan& plan);

}  // namespace heed::cpu
