// Looking rows up in tables.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include "heed/kernels/dropout.h"
#include "heed/kernels/kernel.h"

namespace heed {

// y[r] = dropout(scale · table[ids[r]] + positions[position_ids[r]]).
//   ids, position_ids: int32 [rows]; table: [v, d]; positions: [p, d] or undefined (then
//   position_ids is not read); y: [rows, d]. An id outside its table is an error. On a device that
//   converts, `table` may be bfloat16 where y is float32.
struct EmbeddingForward {
  ConstView ids{}, table{}, position_ids{}, positions{};
  View y{};
  float scale = 1;
  DropoutStream dropout{};

  void visit_views(auto&& visit) const { visit(ids, table, position_ids, positions, y); }
};
inline KernelSlot<void(ExecutionContext&, const EmbeddingForward&)> embedding_forward{
    "embedding_forward"};

// dtable[ids[r]] += scale · mask·scale ⊙ dy[r], dpositions[position_ids[r]] += mask·scale ⊙ dy[r],
// summed in the order of r whatever the number of threads. Either may be undefined. Rows with id
// == skip_id give nothing to dtable (padding; -1 skips none).
struct EmbeddingBackward {
  ConstView ids{}, position_ids{}, dy{};
  View dtable{}, dpositions{};
  float scale = 1;
  std::int32_t skip_id = -1;
  DropoutStream dropout{};

  void visit_views(auto&& visit) const { visit(ids, position_ids, dy, dtable, dpositions); }
};
inline KernelSlot<void(ExecutionContext&, const EmbeddingBackward&)> embedding_backward{
    "embedding_backward"};

}  // namespace heed
