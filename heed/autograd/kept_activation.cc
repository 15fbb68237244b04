#include "heed/autograd/kept_activation.h"

#include "heed/kernels/elementwise.h"

namespace heed {

namespace {

thread_local bool rounding = false;

Tensor converted(const Tensor& x, DType dtype) {
  const Tensor copy = Tensor::empty(x.shape(), dtype, x.device());
  ExecutionContext context = context_for(x.device());
  convert(context, x, copy);
  return copy;
}

}  // namespace

RoundedActivations::RoundedActivations(bool active) : before_(rounding) {
  rounding = active;
}
RoundedActivations::~RoundedActivations() {
  rounding = before_;
}

bool keeps_rounded(const Tensor& x) {
  return rounding && x.dtype() == DType::float32 && convert.filled(x.device().kind);
}

KeptActivation::KeptActivation(const Tensor& x) : dtype_(x.dtype()) {
  if (const auto& node = x.gradient_node(); node != nullptr && node->recompute != nullptr) {
    recompute_ = node->recompute;
    return;
  }
  if (!keeps_rounded(x)) {
    stored_ = x.detach();
    return;
  }
  stored_ = x.shared_copy();
  if (!stored_.defined()) {
    stored_ = converted(x, DType::bfloat16);
    x.share_copy(stored_);
  }
}

Tensor KeptActivation::values() const {
  const Tensor kept = stored();
  return kept.dtype() == dtype_ ? kept : converted(kept, dtype_);
}

}  // namespace heed
