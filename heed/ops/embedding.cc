#include "heed/ops/embedding.h"

#include "heed/ops/index.h"

namespace heed::ops {

Tensor embed(const Tensor& token_ids, const Tensor& table, float scale,
             const Tensor& position_numbers, const Tensor& positions, const DropoutStream& stream,
             std::int32_t padding_id) {
  check(token_ids.rank() == 1 && table.rank() == 2,
        "embed: expected ids [rows] and a table [v, d], got "
        "{} and {}",
        token_ids.shape(), table.shape());
  check(!positions.defined() || (positions.rank() == 2 && positions.size(1) == table.size(1) &&
                                 position_numbers.shape() == token_ids.shape()),
        "embed: positions do not fit the table {}", table.shape());
  check(!wants_gradient(table) || table.dtype() != DType::bfloat16,
        "embed: a table {} that is kept in bfloat16 cannot learn", table.shape());
  ExecutionContext context = context_for(table.device());
  const Tensor ids = placed(token_ids, table.device());
  const Tensor position_ids = placed(position_numbers, table.device());
  // Rows of a table that is kept in bfloat16 come out at full width.
  const bool rounded = table.dtype() == DType::bfloat16;
  const Tensor y = Tensor::empty({ids.size(0), table.size(1)},
                                 rounded ? DType::float32 : table.dtype(), table.device());
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
