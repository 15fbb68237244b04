#include "heed/nn/sublayer_connection.h"

#include "heed/ops/normalization.h"
#include "heed/ops/rows.h"

namespace heed {

SublayerConnection::SublayerConnection(const StackConfig& config, const std::string& name,
                                       Device device, bool own_norm)
    : dropout_(name + ".output", config.dropout) {
  const auto norm = [&](std::optional<Norm>& place) {
    place.emplace(norm_config(config), config.d_model, device);
  };
  if (own_norm && (config.norm == "pre" || config.norm == "sandwich")) {
    norm(before_);
  }
  if (config.norm == "sandwich" || config.norm == "branch") {
    norm(branch_);
  }
  if (config.norm == "post") {
    norm(after_);
  }
  if (config.layer_scale > 0) {
    layer_scale_ = Parameter({config.d_model}, Initial::constant, false, device);
    layer_scale_.gain = config.layer_scale;
  }
}

Tensor SublayerConnection::leave(const Tensor& x, const Tensor& branch, const Sequences& rows,
                                 ForwardContext& context) const {
  Tensor y = branch_ ? branch_->forward(branch) : branch;
  if (layer_scale_.defined()) {
    y = ops::scale_columns(y, layer_scale_.value);
  }
  const DropoutStream stream = context.dropout(dropout_, rows.row_keys);
  return after_ ? after_->forward_residual(x, y, stream) : ops::residual_add(x, y, stream);
}

void SublayerConnection::visit(ParameterVisitor& visitor, const std::string& name) {
  for (auto* norm : {&before_, &after_}) {
    if (*norm) {
      visitor.module(name + "_layer_norm", **norm);
    }
  }
  if (branch_) {
    visitor.module(name + "_branch_norm", *branch_);
  }
  visitor.parameter(name + "_layer_scale", layer_scale_);
}

}  // namespace heed
