// Element by element: sums, scales, activations, gated linear units.
//
// Tensors are walked as rows × columns (View::rows, columns, row_stride); float32 and, in the
// reference backend, float64.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include "heed/kernels/dropout.h"
#include "heed/kernels/kernel.h"

namespace heed {

// gelu is the exact x·Φ(x) by erf; gelu_tanh its tanh approximation
// 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))); silu is x·σ(x); relu_squared is max(0, x)² (So et
// al., "Primer: searching for efficient Transformers for language modeling", 2021).
enum class Activation : std::uint8_t { identity, relu, gelu, gelu_tanh, silu, tanh, relu_squared };

// y = alpha·x + beta·y. With beta = 0 what y held is not read (it may be NaN).
inline KernelSlot<void(ExecutionContext&, ConstView x, float alpha, float beta, View y)> scale_add{
    "scale_add"};

// y = x in the type of y: float32 rounded to bfloat16 (to nearest, ties to even; NaN stays NaN), or
// bfloat16 as float32. Rows of both may lie apart.
inline KernelSlot<void(ExecutionContext&, ConstView x, View y)> convert{"convert"};

// y = x1 ⊙ x2; with accumulate y += x1 ⊙ x2.
inline KernelSlot<void(ExecutionContext&, ConstView x1, ConstView x2, bool accumulate, View y)>
    multiply{"multiply"};

// y[r] = factors[r] · x[r]; with accumulate y[r] += it. factors: one element of x's type for each
// row. y may be x. A factor of 0 gives 0 where x is finite.
inline KernelSlot<void(ExecutionContext&, ConstView x, ConstView factors, bool accumulate, View y)>
    scale_rows{"scale_rows"};

// y = dropout(activation(x)); y may be x.
inline KernelSlot<void(ExecutionContext&, Activation, ConstView x, const DropoutStream&, View y)>
    activation_forward{"activation_forward"};

// dx = dy ⊙ mask·scale ⊙ activation'(x). For relu, x may be the output y of the forward pass
// instead of its input: the dropped and the negative elements of y are 0 and get gradient 0.
// dx may be dy, or x. On a device that converts, x may be bfloat16, here and in gated_backward.
inline KernelSlot<void(ExecutionContext&, Activation, ConstView x, ConstView dy,
                       const DropoutStream&, View dx)>
    activation_backward{"activation_backward"};

// Gated linear unit over the halves of a row: x[rows, 2n] = [gate | up],
// y[rows, n] = dropout(activation(gate) ⊙ up). SwiGLU with silu, GEGLU with gelu.
inline KernelSlot<void(ExecutionContext&, Activation, ConstView x, const DropoutStream&, View y)>
    gated_forward{"gated_forward"};
inline KernelSlot<void(ExecutionContext&, Activation, ConstView x, ConstView dy,
                       const DropoutStream&, View dx)>
    gated_backward{"gated_backward"};

}  // namespace heed
