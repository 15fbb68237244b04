#include "heed/nn/embeddings.h"

#include <cmath>

#include "heed/base/error.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/embedding.h"

namespace heed {

Embeddings::Embeddings(const StackConfig& config, const EmbeddingPlace& place, Device device)
    : longest_(config.max_length),
      scale_(config.scale_embeddings
                 ? static_cast<float>(std::sqrt(static_cast<double>(config.d_model)))
                 : 1.0f),
      padding_id_(place.padding_id),
      dropout_(place.stack + ".embeddings",
               config.embedding_dropout < 0 ? config.dropout : config.embedding_dropout) {
  if (place.segments > 0) {
    segments_ = Parameter({place.segments, config.d_model}, Initial::embedding, false, device);
    set_initial(segments_, config);
  }
  if (config.embedding_norm) {
    norm_.emplace(norm_config(config), config.d_model, device);
  }
}

Tensor Embeddings::forward(const Tensor& ids, const Tensor& segments, const Parameter& table,
                           const Sequences& rows, std::int64_t length,
                           const PositionEncoding& positions, ForwardContext& context) const {
  check_data(length <= longest_,
             "a sequence of {} tokens: the model takes at most {} (model.max_length)", length,
             longest_);
  const DropoutStream stream = context.dropout(dropout_, rows.row_keys);
  const bool plain = !segments_.defined() && !norm_;
  Tensor x = ops::embed(ids, table.value, scale_, rows.positions, positions.table(length),
                        plain ? stream : DropoutStream(), padding_id_);
  if (plain) {
    return x;
  }
  if (segments_.defined()) {
    const Tensor kinds =
        segments.defined() ? segments : Tensor::zeros(ids.shape(), ids.dtype(), ids.device());
    x = ops::add(x, ops::embed(kinds, segments_.value, 1, Tensor(), Tensor()));
  }
  return ops::dropout(norm_ ? norm_->forward(x) : x, stream);
}

void Embeddings::visit(ParameterVisitor& visitor) {
  visitor.parameter("embed_segments.weight", segments_);
  if (norm_) {
    visitor.module("layernorm_embedding", *norm_);
  }
}

Parameter embedding_table(const StackConfig& config, std::int64_t pieces, std::int32_t padding_id,
                          Device device) {
  Parameter table({pieces, config.d_model}, Initial::embedding, false, device);
  table.zero_row = padding_id;
  set_initial(table, config);
  return table;
}

}  // namespace heed
