#include "heed/nn/sublayer_connection.h"

#include "heed/ops/normalization.h"
#include "heed/ops/rows.h"

namespace heed {

namespace {

// branch, times 0 for the examples that skip it in this pass and 1 / (share of the others) for
// those.
Tensor skip_some(const Tensor& branch, const DropoutSite& site, const Sequences& rows,
                 const ForwardContext& context) {
  const DropoutStream stream = context.dropout(site, {});
  if (!stream.active()) {
    return branch;
  }
  std::vector<double> factors;
  for (std::size_t s = 0; s + 1 < rows.offsets.size(); ++s) {
    for (std::int32_t row = rows.offsets[s]; row < rows.offsets[s + 1]; ++row) {
      const std::uint64_t example =
          rows.row_keys.empty() ? s : rows.row_keys[static_cast<std::size_t>(row)] >> 32;
      factors.push_back(stream.keeps(example, 0) ? stream.scale() : 0.0);
    }
  }
  const Tensor exact = Tensor::from_values<double>(
      factors, {static_cast<std::int64_t>(factors.size())}, branch.device());
  return ops::scale_rows(branch, exact.to(branch.dtype()));
}

}  // namespace

SublayerConnection::SublayerConnection(const StackConfig& config, const std::string& name,
                                       double skipping, Device device, bool own_norm)
    : dropout_(name + ".output", config.dropout), depth_(name + ".depth", skipping) {
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
  const DropoutStream stream = context.dropout(dropout_, rows.row_keys);
  const auto add = [&](const Tensor& y) {
    return after_ ? after_->forward_residual(x, y, stream) : ops::residual_add(x, y, stream);
  };
  if (!branch_ && !layer_scale_.defined() && depth_.rate() == 0) {
    return add(branch);
  }
  Tensor y = branch_ ? branch_->forward(branch) : branch;
  if (layer_scale_.defined()) {
    y = ops::scale_columns(y, layer_scale_.value);
  }
  return add(skip_some(y, depth_, rows, context));
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
