// Sums, products, activations, dropout.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/elementwise.h"

namespace heed::ops {

// a + b, same shape.
Tensor add(const Tensor& a, const Tensor& b);
// factor · x.
Tensor scale(const Tensor& x, float factor);
// a ⊙ b, same shape.
Tensor multiply(const Tensor& a, const Tensor& b);
// The sum of all elements, shape [1].
Tensor sum(const Tensor& x);
// Drops elements and scales what is kept by 1 / (1 - rate); see DropoutStream.
Tensor dropout(const Tensor& x, const DropoutStream& stream);
// dropout(activation(x)).
Tensor activate(const Tensor& x, Activation activation, const DropoutStream& stream = {});
// dropout(activation(gate) ⊙ up) over the halves [gate | up] of each row: [rows, 2n] → [rows, n]
// (Shazeer, "GLU variants improve Transformer", 2020).
Tensor gate(const Tensor& x, Activation activation, const DropoutStream& stream = {});

// The parts of x's last axis, of the given widths, without copying: views into x whose gradients
// gather in one buffer.
std::vector<Tensor> split_columns(const Tensor& x, std::span<const std::int64_t> widths);

}  // namespace heed::ops
