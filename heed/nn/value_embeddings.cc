#include "heed/nn/value_embeddings.h"

#include <fmt/format.h>

#include "heed/ops/embedding.h"

namespace heed {

std::optional<int> value_table_of(int layer, int layers, int tables) {
  if (layer < tables) {
    return layer;
  }
  const int from_last = layers - tables;
  return tables > 0 && layer >= from_last ? std::optional(layer - from_last) : std::nullopt;
}

ValueEmbeddings::ValueEmbeddings(const StackConfig& config, int tables, int layers,
                                 std::int64_t pieces, Device device)
    : layers_(layers) {
  const AttentionScope scope = attention_scope(config.attention, config.d_model, config.heads);
  for (int i = 0; i < tables; ++i) {
    Parameter table({pieces, scope.key_heads * scope.value_size}, Initial::embedding, false,
                    device);
    set_initial(table, config);
    tables_.push_back(table);
  }
}

LayerValues ValueEmbeddings::forward(const Tensor& ids) const {
  if (tables_.empty()) {
    return {};
  }
  std::vector<Tensor> rows;
  for (const Parameter& table : tables_) {
    rows.push_back(ops::embed(ids, table.value, 1, Tensor(), Tensor()));
  }
  LayerValues values(static_cast<std::size_t>(layers_));
  for (int layer = 0; layer < layers_; ++layer) {
    if (const auto table = value_table_of(layer, layers_, static_cast<int>(tables_.size()))) {
      values[static_cast<std::size_t>(layer)] = rows[static_cast<std::size_t>(*table)];
    }
  }
  return values;
}

void ValueEmbeddings::visit(ParameterVisitor& visitor) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    visitor.parameter(fmt::format("{}.weight", i), tables_[i]);
  }
}

}  // namespace heed
