// Tensor: the one value type. A cheap handle on shared memory: copying shares, clone() copies.
//
//   Tensor x = Tensor::from_values<float>({1, 2, 3, 4}, {2, 2});
//   Tensor left = x.columns(0, 1);        // a view, shape [2, 1]
//   x.values<float>()[3] = 5;             // contiguous tensors only
//
// Row-major; views may carry outer strides, the last axis always has stride 1. Differentiable
// functions of tensors are in heed/ops; those here share or copy memory and record nothing.
//
// Thread-safety: threads may read a tensor and copy handles on it at the same time. Whoever writes
// its values, its stamp or its gradient node must be the only one to use it meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "heed/tensor/storage.h"
#include "heed/tensor/view.h"

namespace heed {

class GradientNode;  // heed/autograd

class Tensor {
 public:
  // Undefined: defined() is false and nothing else may be asked.
  Tensor() = default;

  // Uninitialised memory.
  static Tensor empty(const Shape& shape, DType dtype = DType::float32, Device device = {});
  static Tensor zeros(const Shape& shape, DType dtype = DType::float32, Device device = {});
  template <typename T>
  static Tensor from_values(std::span<const T> values, const Shape& shape, Device device = {});
  template <typename T>
  static Tensor from_values(std::initializer_list<T> values, const Shape& shape,
                            Device device = {}) {
    return from_values(std::span<const T>(values.begin(), values.size()), shape, device);
  }
  // Over memory that someone else owns (a mapped file): `shape` must fit into the storage.
  static Tensor over(std::shared_ptr<Storage> storage, std::int64_t byte_offset, const Shape& shape,
                     DType dtype, Device device = {});

  bool defined() const { return body_ != nullptr; }
  const Shape& shape() const { return body().view.shape; }
  std::int64_t size(int axis) const { return shape()[axis]; }
  int rank() const { return shape().rank(); }
  std::int64_t element_count() const { return shape().element_count(); }
  DType dtype() const { return body().view.dtype; }
  Device device() const { return body().view.device; }
  bool contiguous() const { return body().view.contiguous(); }

  // What kernels take.
  View view() const;
  operator View() const { return view(); }       // NOLINT(google-explicit-constructor)
  operator ConstView() const { return view(); }  // NOLINT(google-explicit-constructor)

  // The elements of a contiguous tensor.
  template <typename T>
  std::span<T> values() const {
    check(contiguous(), "tensor {}: its values do not lie side by side", shape());
    return {view().template as<T>(), static_cast<std::size_t>(element_count())};
  }
  // Element [0] as a double, whatever the floating-point type: for losses and tests.
  double item() const;
  // All elements as doubles in row-major order, strided or not.
  std::vector<double> to_doubles() const;

  // Views that share memory.
  Tensor rows(std::int64_t begin, std::int64_t end) const;     // slice of axis 0
  Tensor columns(std::int64_t begin, std::int64_t end) const;  // slice of the last axis
  Tensor reshape(const Shape& shape) const;                    // contiguous tensors only
  // The same memory without its history of gradients.
  Tensor detach() const;

  // Copies.
  Tensor clone() const;  // contiguous
  Tensor to(DType dtype) const;
  Tensor to(Device device) const;
  void copy_from(const Tensor& source) const;  // same shape; converts between floating types
  void fill(double value) const;

  // Says that the content changed and stays for a while (see Storage::stamp).
  void renew_stamp() const { body().storage->renew_stamp(); }
  const std::shared_ptr<Storage>& storage() const { return body().storage; }

  // Used by heed/autograd: the node that computed this tensor, or the leaf that gathers its
  // gradient.
  const std::shared_ptr<GradientNode>& gradient_node() const { return body().gradient_node; }
  void set_gradient_node(std::shared_ptr<GradientNode> node) const {
    body().gradient_node = std::move(node);
  }
  // Also used by heed/autograd: a copy of this tensor in another type, for whoever asks while
  // somebody holds it. Undefined where there is none.
  Tensor shared_copy() const;
  void share_copy(const Tensor& copy) const;

 private:
  struct Body {
    std::shared_ptr<Storage> storage;
    View view;
    std::shared_ptr<GradientNode> gradient_node;
    std::weak_ptr<Body> copy;
  };
  Body& body() const {
    check(body_ != nullptr, "an undefined tensor was used");
    return *body_;
  }
  Tensor with_view(const View& view) const;

  std::shared_ptr<Body> body_;
};

}  // namespace heed
