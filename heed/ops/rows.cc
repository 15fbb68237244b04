#include "heed/ops/rows.h"

#include <algorithm>

#include "heed/autograd/kept_activation.h"
#include "heed/kernels/elementwise.h"
#include "heed/kernels/embedding.h"
#include "heed/kernels/matmul.h"
#include "heed/ops/index.h"
#include "heed/ops/operands.h"

namespace heed::ops {

namespace {

Tensor ones(const Shape& shape, const Tensor& like) {
  const Tensor result = Tensor::empty(shape, like.dtype(), like.device());
  result.fill(1);
  return result;
}

// A row [n] as a matrix of equal rows, which share its memory.
ConstView repeated(const Tensor& row, std::int64_t rows) {
  ConstView view = row.reshape({1, row.element_count()}).view();
  view.shape = Shape({rows, row.element_count()});
  view.strides[0] = 0;
  return view;
}

// factors [n] → [n · size], each `size` times. A product with ones is exact.
Tensor spread(const Tensor& factors, std::int64_t size) {
  ExecutionContext context = context_for(factors.device());
  const std::int64_t count = factors.element_count();
  const Tensor result = Tensor::empty({count, size}, factors.dtype(), factors.device());
  matmul(context, factors.detach().reshape({count, 1}), ones({1, size}, factors), result, {});
  return result.reshape({count * size});
}

}  // namespace

Tensor gather_rows(const Tensor& x, const Tensor& row_numbers) {
  check(x.rank() == 2 && row_numbers.rank() == 1,
        "gather_rows: expected x [rows, d] and an index [n], got {} and {}", x.shape(),
        row_numbers.shape());
  ExecutionContext context = context_for(x.device());
  const Tensor y = Tensor::empty({row_numbers.size(0), x.size(1)}, x.dtype(), x.device());
  const Tensor index = placed(row_numbers, x.device());
  // Taking rows is looking them up in a table.
  embedding_forward(context, {.ids = index, .table = x, .y = y});
  return record(
      "gather_rows", y, {x}, [index = index.detach(), slot = gradient_slot(x)](const Tensor& dy) {
        ExecutionContext context = context_for(dy.device());
        embedding_backward(context, {.ids = index, .dy = dy, .dtable = slot.accumulator()});
      });
}

Tensor sequence_means(const Tensor& x, std::span<const std::int32_t> offsets) {
  check(x.rank() == 2 && !offsets.empty() && offsets.back() == x.size(0),
        "sequence_means: x {} for offsets up to {}", x.shape(),
        offsets.empty() ? 0 : offsets.back());
  std::vector<std::int32_t> numbers;
  std::vector<double> shares;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    check(offsets[s] < offsets[s + 1], "sequence_means: sequence {} has no rows", s);
    numbers.insert(numbers.end(), static_cast<std::size_t>(offsets[s + 1] - offsets[s]),
                   static_cast<std::int32_t>(s));
    shares.push_back(1.0 / (offsets[s + 1] - offsets[s]));
  }
  const auto sequences = static_cast<std::int64_t>(shares.size());
  const Tensor index = placed(Tensor::from_values<std::int32_t>(numbers, {x.size(0)}), x.device());
  const Tensor factors =
      Tensor::from_values<double>(shares, {sequences}).to(x.dtype()).to(x.device());
  ExecutionContext context = context_for(x.device());
  // Sums by sequence are what the gradient of a table of sequences is.
  const Tensor sums = Tensor::zeros({sequences, x.size(1)}, x.dtype(), x.device());
  embedding_backward(context, {.ids = index, .dy = x, .dtable = sums});
  const Tensor y = empty_like(sums);
  heed::scale_rows(context, sums, factors, false, y);
  return record(
      "sequence_means", y, {x}, [index, factors, slot = gradient_slot(x)](const Tensor& dy) {
        ExecutionContext context = context_for(dy.device());
        const Tensor shared = empty_like(dy);
        heed::scale_rows(context, dy, factors, false, shared);
        const Tensor dx = Tensor::empty({index.size(0), dy.size(1)}, dy.dtype(), dy.device());
        embedding_forward(context, {.ids = index, .table = shared, .y = dx});
        slot.give(dx);
      });
}

Tensor concat_rows(std::span<const Tensor> parts) {
  check(!parts.empty(), "concat_rows: nothing to join");
  std::int64_t rows = 0;
  for (const Tensor& part : parts) {
    check(part.rank() == 2 && part.size(1) == parts[0].size(1) &&
              part.dtype() == parts[0].dtype() && part.device() == parts[0].device(),
          "concat_rows: {} {} does not go with {} {}", name_of(part.dtype()), part.shape(),
          name_of(parts[0].dtype()), parts[0].shape());
    rows += part.size(0);
  }
  const Tensor y = Tensor::empty({rows, parts[0].size(1)}, parts[0].dtype(), parts[0].device());
  ExecutionContext context = context_for(y.device());
  std::vector<std::pair<GradientSlot, std::int64_t>> slots;  // with the row after the part
  std::int64_t begin = 0;
  for (const Tensor& part : parts) {
    const std::int64_t end = begin + part.size(0);
    scale_add(context, part, 1, 0, y.rows(begin, end));
    slots.emplace_back(gradient_slot(part), end);
    begin = end;
  }
  return record("concat_rows", y, parts, [slots = std::move(slots)](const Tensor& dy) {
    ExecutionContext context = context_for(dy.device());
    std::int64_t begin = 0;
    for (const auto& [slot, end] : slots) {
      if (slot.wanted()) {
        const auto [target, accumulate] = slot.target();
        scale_add(context, dy.rows(begin, end), 1, accumulate ? 1 : 0, target);
      }
      begin = end;
    }
  });
}

Tensor scale_rows(const Tensor& x, const Tensor& factors) {
  check(x.rank() == 2 && factors.shape() == Shape({x.size(0)}),
        "scale_rows: factors {} do not fit x {} (one for each row)", factors.shape(), x.shape());
  check(!wants_gradient(factors), "scale_rows: factors are constants and have no gradient");
  ExecutionContext context = context_for(x.device());
  const Tensor y = empty_like(x);
  heed::scale_rows(context, x, factors, false, y);
  return record("scale_rows", y, {x},
                [factors = factors.detach(), slot = gradient_slot(x)](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  const auto [target, accumulate] = slot.target();
                  heed::scale_rows(context, dy, factors, accumulate, target);
                });
}

Tensor scale_columns(const Tensor& x, const Tensor& factors) {
  const std::int64_t count = factors.element_count();
  check(x.rank() == 2 && count > 0 && x.size(1) % count == 0,
        "scale_columns: x {} cannot be cut evenly among factors {}", x.shape(), factors.shape());
  const std::int64_t size = x.size(1) / count;
  ExecutionContext context = context_for(x.device());
  const Tensor columns = size == 1 ? factors.detach().reshape({count}) : spread(factors, size);
  const Tensor y = empty_like(x);
  heed::multiply(context, x, repeated(columns, x.size(0)), false, y);
  if (!will_record({x, factors})) {
    return y;
  }
  return record("scale_columns", y, {x, factors},
                [x = KeptActivation(x), columns, count, size, x_slot = gradient_slot(x),
                 slot = gradient_slot(factors)](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  if (x_slot.wanted()) {
                    const auto [target, accumulate] = x_slot.target();
                    heed::multiply(context, dy, repeated(columns, dy.size(0)), accumulate, target);
                  }
                  if (slot.wanted()) {
                    const Tensor products = empty_like(dy);
                    heed::multiply(context, dy, x.values(), false, products);
                    const auto [target, accumulate] = slot.target();
                    if (size == 1) {
                      column_sums(context, products, accumulate, target);
                      return;
                    }
                    const Tensor sums = Tensor::empty({count * size}, dy.dtype(), dy.device());
                    column_sums(context, products, false, sums);
                    matmul(context, sums.reshape({count, size}), ones({size, 1}, dy),
                           target.reshape({count, 1}), {.accumulate = accumulate});
                  }
                });
}

Tensor reshape(const Tensor& x, const Shape& shape) {
  const Tensor y = x.reshape(shape);
  if (!will_record({x})) {
    return y;
  }
  record("reshape", y, {x}, [slot = gradient_slot(x), from = x.shape()](const Tensor& dy) {
    if (dy.contiguous()) {
      slot.give(dy.reshape(from));
      return;
    }
    const Tensor dense = empty_like(dy);
    ExecutionContext context = context_for(dy.device());
    scale_add(context, dy, 1, 0, dense);
    slot.give(dense.reshape(from));
  });
  if (const auto again = x.gradient_node()->recompute) {
    offer_recomputation(y, [again, shape] { return (*again)().reshape(shape); });
  }
  return y;
}

}  // namespace heed::ops
