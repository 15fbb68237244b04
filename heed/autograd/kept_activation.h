// What a forward pass keeps for the backward pass: at full width, rounded to bfloat16, or not at
// all where it can be formed again for little.
//
// Rounded, an activation takes half the memory. Matrix products in bfloat16 read the same bits
// either way, so the gradients of weights do not change by it; what else is computed from it
// (norms, activation functions, attention) sees values that are off by at most 2^-9 of themselves.
// Formed again, it has the bits that it had.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"

namespace heed {

// While alive, and if `active`, ops on this thread keep float32 activations rounded to bfloat16, on
// devices that can (KernelSlot convert).
class RoundedActivations {
 public:
  explicit RoundedActivations(bool active);
  ~RoundedActivations();
  RoundedActivations(const RoundedActivations&) = delete;
  RoundedActivations& operator=(const RoundedActivations&) = delete;

 private:
  bool before_;
};

// Whether ops on this thread round what they keep of `x` at present.
bool keeps_rounded(const Tensor& x);

// An activation as the backward pass will find it. Everyone who keeps the same tensor shares one
// rounded copy: do not write to a tensor after it was kept.
class KeptActivation {
 public:
  KeptActivation() = default;
  explicit KeptActivation(const Tensor& x);

  bool defined() const { return stored_.defined() || recompute_ != nullptr; }
  // Whether it has the bits that it had.
  bool exact() const { return !stored_.defined() || stored_.dtype() == dtype_; }
  // As it is kept: bfloat16 where it was rounded. For kernels that read either type.
  Tensor stored() const { return recompute_ ? (*recompute_)() : stored_; }
  // In the type that it had.
  Tensor values() const;

 private:
  Tensor stored_;  // undefined where it is recomputed
  std::shared_ptr<const Recomputation> recompute_;
  DType dtype_ = DType::float32;
};

}  // namespace heed
