#include "heed/ops/normalization.h"

#include "heed/autograd/kept_activation.h"
#include "heed/kernels/elementwise.h"
#include "heed/ops/operands.h"

namespace heed::ops {

namespace {

void check_norm(const char* op, const Tensor& x, const Tensor& gain) {
  check(x.rank() == 2 && gain.shape() == Shape({x.size(1)}), "{}: x {} does not fit gain {}", op,
        x.shape(), gain.shape());
}

// Where the gradient of a gain or bias gathers; kernels want a place though nobody wants the sum.
Tensor accumulator_of(const GradientSlot& slot, const Tensor& like) {
  return slot.wanted() ? slot.accumulator()
                       : Tensor::zeros(like.shape(), like.dtype(), like.device());
}

// LN(x + dropout(branch)); branch may be undefined.
Tensor norm_of_sum(const Tensor& x, const Tensor& branch, const Tensor& gain, const Tensor& bias,
                   float epsilon, const DropoutStream& stream) {
  check_norm("layer_norm", x, gain);
  ExecutionContext context = context_for(x.device());
  const Tensor y = empty_like(x);
  const bool recording = will_record({x, branch, gain, bias});
  const bool rounded = recording && keeps_rounded(x);
  // What the backward pass needs of x + dropout(branch).
  Tensor total, mean, rstd;
  if (recording) {
    if (branch.defined()) {
      total = Tensor::empty(x.shape(), rounded ? DType::bfloat16 : x.dtype(), x.device());
    } else {
      total = rounded ? KeptActivation(x).stored() : x.detach();
    }
    mean = Tensor::empty({x.size(0)}, x.dtype(), x.device());
    rstd = Tensor::empty({x.size(0)}, x.dtype(), x.device());
  }
  residual_norm_forward(context, {.x = x,
                                  .branch = optional_view(branch),
                                  .gain = gain,
                                  .bias = bias,
                                  .sum = !branch.defined() ? View()
                                         : recording       ? total.view()
                                                           : y.view(),
                                  .y = y,
                                  .mean = optional_view(mean),
                                  .rstd = optional_view(rstd),
                                  .epsilon = epsilon,
                                  .dropout = stream});
  if (!recording) {
    return y;
  }
  record("layer_norm", y, {x, branch, gain, bias},
         [total, gain = gain.detach(), mean, rstd, stream, x_slot = gradient_slot(x),
          branch_slot = gradient_slot(branch), gain_slot = gradient_slot(gain),
          bias_slot = gradient_slot(bias)](const Tensor& dy) {
           ExecutionContext context = context_for(dy.device());
           const GradientSlot::Target dx =
               x_slot.wanted() ? x_slot.target() : GradientSlot::Target{empty_like(dy), false};
           const Tensor dbranch = branch_slot.wanted() ? empty_like(dy) : Tensor();
           residual_norm_backward(context,
                                  {.sum = total,
                                   .gain = gain,
                                   .mean = mean,
                                   .rstd = rstd,
                                   .dy = dy,
                                   .dsum = dx.tensor,
                                   .dbranch = branch_slot.wanted() ? dbranch.view() : View(),
                                   .dgain = accumulator_of(gain_slot, gain),
                                   .dbias = accumulator_of(bias_slot, gain),
                                   .accumulate_x = dx.accumulate,
                                   .dropout = stream});
           if (branch_slot.wanted()) {
             branch_slot.give(dbranch);
           }
         });
  if (!rounded) {
    offer_recomputation(y, [total, gain = gain.detach(), bias = bias.detach(), epsilon] {
      ExecutionContext context = context_for(total.device());
      const Tensor again = empty_like(total);
      residual_norm_forward(
          context, {.x = total, .gain = gain, .bias = bias, .y = again, .epsilon = epsilon});
      return again;
    });
  }
  return y;
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon) {
  return norm_of_sum(x, Tensor(), gain, bias, epsilon, {});
}

Tensor residual_layer_norm(const Tensor& x, const Tensor& branch, const Tensor& gain,
                           const Tensor& bias, float epsilon, const DropoutStream& stream) {
  check(x.shape() == branch.shape(), "residual_layer_norm: x {} and branch {} differ", x.shape(),
        branch.shape());
  return norm_of_sum(x, branch, gain, bias, epsilon, stream);
}

Tensor residual_add(const Tensor& x, const Tensor& branch, const DropoutStream& stream) {
  check(x.shape() == branch.shape(), "residual_add: x {} and branch {} differ", x.shape(),
        branch.shape());
  ExecutionContext context = context_for(x.device());
  const Tensor y = empty_like(x);
  residual_norm_forward(context, {.x = x, .branch = branch, .sum = y, .dropout = stream});
  return record("residual_add", y, {x, branch},
                [x = gradient_slot(x), branch = gradient_slot(branch), stream](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  if (x.wanted()) {
                    const auto [target, accumulate] = x.target();
                    scale_add(context, dy, 1, accumulate ? 1 : 0, target);
                  }
                  if (branch.wanted()) {
                    const Tensor dbranch = empty_like(dy);
                    heed::dropout(context, dy, stream, dbranch);
                    branch.give(dbranch);
                  }
                });
}

Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon) {
  check_norm("rms_norm", x, gain);
  ExecutionContext context = context_for(x.device());
  const Tensor y = empty_like(x);
  const Tensor rstd = Tensor::empty({x.size(0)}, x.dtype(), x.device());
  rms_norm_forward(context, x, gain, epsilon, y, rstd);
  if (!will_record({x, gain})) {
    return y;
  }
  const KeptActivation kept(x);
  record("rms_norm", y, {x, gain},
         [kept, gain = gain.detach(), rstd, x_slot = gradient_slot(x),
          gain_slot = gradient_slot(gain)](const Tensor& dy) {
           ExecutionContext context = context_for(dy.device());
           const Tensor dx = empty_like(dy);
           rms_norm_backward(context, kept.values(), gain, rstd, dy, dx,
                             accumulator_of(gain_slot, gain));
           if (x_slot.wanted()) {
             x_slot.give(dx);
           }
         });
  if (kept.exact()) {
    offer_recomputation(y, [kept, gain = gain.detach(), epsilon] {
      const Tensor x = kept.stored();
      ExecutionContext context = context_for(x.device());
      const Tensor again = empty_like(x);
      const Tensor rstd = Tensor::empty({x.size(0)}, x.dtype(), x.device());
      rms_norm_forward(context, x, gain, epsilon, again, rstd);
      return again;
    });
  }
  return y;
}

}  // namespace heed::ops
