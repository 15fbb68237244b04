#include "heed/interop/tensor_form.h"

#include <cstring>

#include "heed/base/error.h"

namespace heed {

namespace {

Tensor transposed(const Tensor& matrix) {
  const std::int64_t rows = matrix.size(0), columns = matrix.size(1);
  const Tensor result = Tensor::empty({columns, rows}, matrix.dtype(), matrix.device());
  const std::size_t size = element_size(matrix.dtype());
  const Tensor dense = matrix.contiguous() ? matrix : matrix.clone();
  const std::byte* from = dense.view().data;
  std::byte* to = result.view().data;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      std::memcpy(to + static_cast<std::size_t>(column * rows + row) * size,
                  from + static_cast<std::size_t>(row * columns + column) * size, size);
    }
  }
  return result;
}

}  // namespace

Tensor read_from_place(const Tensor& stored, const Place& place) {
  Tensor tensor = stored;
  if (place.form == Form::transposed) {
    check_data(tensor.rank() == 2, "shape {}, expected a matrix", tensor.shape());
    tensor = transposed(tensor);
  }
  if (place.skip > 0) {
    check_data(tensor.rank() >= 1 && tensor.size(0) >= place.skip,
               "shape {}, expected more than {} rows", tensor.shape(), place.skip);
    tensor = tensor.rows(place.skip, tensor.size(0));
  }
  if (place.parts > 1) {
    check_data(tensor.rank() >= 1 && tensor.size(0) % place.parts == 0,
               "shape {}, expected rows in {} equal parts", tensor.shape(), place.parts);
    const std::int64_t rows = tensor.size(0) / place.parts;
    tensor = tensor.rows(place.part * rows, (place.part + 1) * rows);
  }
  return tensor;
}

Tensor laid_out(const std::vector<Tensor>& parts, const Place& place) {
  if (parts.size() == 1 && place.skip == 0) {
    return place.form == Form::transposed ? transposed(parts.front()) : parts.front();
  }
  const Tensor& first = parts.front();
  std::int64_t rows = place.skip;
  for (const Tensor& part : parts) {
    rows += part.size(0);
  }
  const Tensor whole = first.rank() == 1
                           ? Tensor::zeros({rows}, first.dtype(), first.device())
                           : Tensor::zeros({rows, first.size(1)}, first.dtype(), first.device());
  rows = place.skip;
  for (const Tensor& part : parts) {
    whole.rows(rows, rows + part.size(0)).copy_from(part);
    rows += part.size(0);
  }
  return place.form == Form::transposed ? transposed(whole) : whole;
}

}  // namespace heed
