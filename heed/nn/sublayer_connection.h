// What surrounds a sublayer of a block: norms, dropout, layer scale and the residual sum.
//
//   post:      x = N(x + dropout(sublayer(x)))        (Vaswani et al., 2017, section 3.1)
//   pre:       x = x + dropout(sublayer(N(x)))        (Xiong et al., 2020)
//   sandwich:  x = x + dropout(N'(sublayer(N(x))))    (Ding et al., "CogView", 2021; Gemma 2)
//   branch:    x = x + dropout(N'(sublayer(x)))       (Liu et al., "Swin Transformer V2", 2022)
// With layer scale (Touvron et al., "Going deeper with image Transformers", 2021) the branch is
// multiplied by a learned factor per column before its dropout. With stochastic depth (Huang et
// al., "Deep networks with stochastic depth", 2016) a training step leaves the branch out for some
// examples and scales it up for the others.
// Thread-safety: as Module.
#pragma once

#include <optional>
#include <string>

#include "heed/nn/forward_context.h"
#include "heed/nn/sequences.h"
#include "heed/nn/stack_config.h"

namespace heed {

class SublayerConnection {
 public:
  // `name`: of the sublayer, "encoder.0.self"; `skipping`: the share of examples without the
  // branch, in [0, 1). Without a norm of its own the sublayer reads what another one's connection
  // gives to enter().
  SublayerConnection(const StackConfig& config, const std::string& name, double skipping,
                     Device device, bool own_norm = true);

  // sublayer: Tensor(const Tensor& input) → the branch.
  template <typename Sublayer>
  Tensor forward(const Tensor& x, const Sequences& rows, ForwardContext& context,
                 Sublayer&& sublayer) const {
    return leave(x, sublayer(enter(x)), rows, context);
  }
  // The two halves of forward(): what the sublayer reads of x, and the residual sum of x and the
  // branch.
  Tensor enter(const Tensor& x) const { return before_ ? before_->forward(x) : x; }
  Tensor leave(const Tensor& x, const Tensor& branch, const Sequences& rows,
               ForwardContext& context) const;

  // As "N_layer_norm", "N_branch_norm" and "N_layer_scale", N the name.
  void visit(ParameterVisitor& visitor, const std::string& name);

 private:
  std::optional<Norm> before_;  // the sublayer
  std::optional<Norm> branch_;  // on what it gives
  std::optional<Norm> after_;   // the residual sum
  Parameter layer_scale_;       // [d], or undefined
  DropoutSite dropout_;
  DropoutSite depth_;  // draws once for each example
};

}  // namespace heed
