#include "heed/ops/embedding.h"

namespace heed::ops {

Tensor embed(const Tensor& ids, const Tensor& table, float scale, const Tensor& position_ids,
             const Tensor& positions, const DropoutStream& stream, std::int32_t padding_id) {
  check(ids.rank() == 1 && table.rank() == 2,
        "embed: expected ids [rows] and a table [v, d], got "
        "{} and {}",
        ids.shape(), table.shape());
  check(!positions.defined() || (positions.rank() == 2 && positions.size(1) == table.size(1) &&
                                 position_ids.shape() == ids.shape()),
        "embed: positions do not fit the table {}", table.shape());
  ExecutionContext context = context_for(table.device());
  const Tensor y = Tensor::empty({ids.size(0), table.size(1)}, table.dtype(), table.device());
  const ConstView position_view =
      positions.defined() ? ConstView(position_ids.view()) : ConstView();
  embedding_forward(context,
                    {.ids = ids,
                     .table = table,
                     .position_ids = position_view,
                     .positions = positions.defined() ? ConstView(positions.view()) : ConstView(),
                     .y = y,
                     .scale = scale,
                     .dropout = stream});
  return record(
      "embed", y, {table, positions},
      [ids, position_ids, scale, stream, padding_id, table = gradient_slot(table),
       positions = gradient_slot(positions)](const Tensor& dy) {
        ExecutionContext context = context_for(dy.device());
        embedding_backward(
            context,
            {.ids = ids,
             .position_ids = positions.wanted() ? ConstView(position_ids.view()) : ConstView(),
             .dy = dy,
             .dtable = table.wanted() ? table.accumulator().view() : View(),
             .dpositions = positions.wanted() ? positions.accumulator().view() : View(),
             .scale = scale,
             .skip_id = padding_id,
             .dropout = stream});
      });
}

}  // namespace heed::ops
