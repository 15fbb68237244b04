// Activations, gated linear units and dropout on rows of floats.
#pragma once

#include "heed/kernels/elementwise.h"

namespace heed::cpu {

void activation_forward(ExecutionContext& context, Activation activation, ConstView x,
                        const DropoutStream& stream, View y);
void activation_backward(ExecutionContext& context, Activation activation, ConstView x,
                         ConstView dy, const DropoutStream& stream, View dx);
void gated_forward(ExecutionContext& context, Activation activation, ConstView x,
                   const DropoutStream& stream, View y);
void gated_backward(ExecutionContext& context, Activation activation, ConstView x, ConstView dy,
                    const DropoutStream& stream, View dx);

}  // namespace heed::cpu
