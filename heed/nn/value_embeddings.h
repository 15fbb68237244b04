// Value embeddings: tables of embeddings of their own whose rows join the values of some layers, so
// that what a token is reaches attention without passing through the layers before
// (modded-nanogpt, 2024; after Zhou et al., "Value residual learning", 2024):
//
//   v = own · v + share · table[id],  own and share learned by each layer, 0.5 at first
//
// With n tables, table i is that of layer i and of layer layers - n + i: the first layers and the
// last ones.
// Thread-safety: as Module.
#pragma once

#include <optional>
#include <vector>

#include "heed/nn/module.h"
#include "heed/nn/stack_config.h"

namespace heed {

// The table of a layer; nothing where values are the layer's own alone.
std::optional<int> value_table_of(int layer, int layers, int tables);

// Values of embeddings, by layer of a stack. Empty, or undefined where a layer has none.
using LayerValues = std::vector<Tensor>;

class ValueEmbeddings : public Module {
 public:
  // `pieces`: rows of a table.
  ValueEmbeddings(const StackConfig& config, int tables, int layers, std::int64_t pieces,
                  Device device);

  // ids: int32 [tokens] → by layer [tokens, key heads · value size]; empty without tables.
  LayerValues forward(const Tensor& ids) const;
  void visit(ParameterVisitor& visitor) override;

 private:
  int layers_;
  std::vector<Parameter> tables_;
};

}  // namespace heed
